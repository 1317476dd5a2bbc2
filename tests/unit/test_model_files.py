"""Reading and writing files: exact numbers, hostile input, saving all at once or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from pmo_optimizer.model import InvalidInput, Portfolio, files
from tests.brute.random_portfolio import larger_portfolio
from tests.unit.checks_full import FULL
from tests.unit.problem_cases import Data, portfolio

ROOT = Path(__file__).parents[2]

HEAD = "calendar: {start: 2027-01-01, periods: 6}\n"


def parse(text: str) -> Any:
    """Return the content of a YAML text."""
    return files.parse_yaml(text, "p.yaml")


def load(folder: Path, content: str | bytes, name: str = "p.yaml") -> Portfolio:
    """Return the portfolio in a file of this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Portfolio.load(path)


def rule_of(folder: Path, content: str | bytes, name: str = "p.yaml") -> str:
    """Return the rule of the one finding about a file that cannot be read."""
    with pytest.raises(InvalidInput) as caught:
        load(folder, content, name)
    (finding,) = caught.value.findings
    assert finding.path == name
    assert finding.message
    assert finding.fix
    return finding.rule


# -- round trips ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["p.yaml", "p.yml", "p.json", "P.JSON"])
def test_a_portfolio_survives_a_file(tmp_path: Path, name: str) -> None:
    """What is written is read back equal, in either format."""
    for subject in (Portfolio.parse(FULL), larger_portfolio(1), portfolio()):
        subject.save(tmp_path / name)
        assert Portfolio.load(tmp_path / name) == subject


def test_the_ending_chooses_the_format(tmp_path: Path) -> None:
    """Only ``.json`` is written as JSON; both are UTF-8 text that people can read."""
    subject = portfolio(name="Prüfung 部")
    subject.save(tmp_path / "p.json")
    subject.save(tmp_path / "p.yaml")
    as_json = (tmp_path / "p.json").read_text(encoding="utf-8")
    as_yaml = (tmp_path / "p.yaml").read_text(encoding="utf-8")
    assert json.loads(as_json)["name"] == "Prüfung 部"
    assert "name: Prüfung 部" in as_yaml


@pytest.mark.parametrize("name", ["p.yaml", "p.json"])
@pytest.mark.parametrize(
    "number", ["0.1", "-2.675", "1234567890.123456789", "999999999999999.999", "1E-15", "3E+15"]
)
def test_numbers_survive_a_file(tmp_path: Path, name: str, number: str) -> None:
    """No digit of a number is lost by writing and reading it."""
    portfolio(projects=[{"id": "A", "value": number}]).save(tmp_path / name)
    assert Portfolio.load(tmp_path / name).projects[0].value == Decimal(number)


def test_defaults_are_not_written() -> None:
    """A file says its version and what is not the default, no more."""
    data = portfolio(projects=[{"id": "A", "probability": 1}]).to_data()
    assert data == {
        "schema_version": "1",
        "calendar": {"start": "2027-01-01", "periods": 6},
        "projects": [{"id": "A"}],
    }


# -- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.1", "0.1"),
        ("0.10", "0.1"),
        ("1234567890.123456789", "1234567890.123456789"),
        ("1_000.5", "1000.5"),
        ("1e3", "1000"),
        ("1.5e+3", "1500"),
        ("'0.1'", "0.1"),
        ("-.5", "-0.5"),
    ],
)
def test_yaml_numbers_are_exact(tmp_path: Path, text: str, number: str) -> None:
    """A number is what its digits say, without a detour through floats."""
    subject = load(tmp_path, f"{HEAD}projects: [{{id: A, value: {text}}}]")
    assert subject.projects[0].value == Decimal(number)


def test_json_numbers_are_exact(tmp_path: Path) -> None:
    """Also more digits than a float holds."""
    text = '{"calendar": {"start": "2027-01-01", "periods": 6}, "projects": [{"id": "A", '
    text += '"value": 1234567890.123456789}]}'
    value = load(tmp_path, text, "p.json").projects[0].value
    assert value == Decimal("1234567890.123456789")


def test_floats_are_read_by_their_shortest_text() -> None:
    """0.1 from Python is one tenth, as a number and as an attribute."""
    data = {"id": "A", "value": 0.1, "attributes": {"risk": 0.1}}
    (subject,) = portfolio(projects=[data]).projects
    assert subject.value == Decimal("0.1")
    assert subject.attributes["risk"] == Decimal("0.1")


BAD_NUMBERS = [
    ".nan",
    ".inf",
    "-.inf",
    "nan",
    "yes",
    "true",
    "1.0e+18",
    "1.0e+999999999",
    "1.0e-999999999",
    "1.0e+99999999999999999999",
    "1.0e-16",
    "'1e99999999999999999999'",
    "[1]",
    "{a: 1}",
    "2027-01-01",
    "abc",
    "''",
]


@pytest.mark.parametrize("text", BAD_NUMBERS)
def test_absurd_numbers_are_findings(tmp_path: Path, text: str) -> None:
    """NaN, infinities, yes or no, and numbers out of all proportion are refused by path."""
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, f"{HEAD}projects: [{{id: A, value: {text}}}]")
    assert {finding.path for finding in caught.value.findings} == {"projects/A/value"}


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "true", "1e18", "1e999999999", "1e-99999"]
)
def test_absurd_json_numbers_are_findings(tmp_path: Path, text: str) -> None:
    """Python's JSON reader knows NaN; the model does not."""
    data = f'{{"calendar": {{"start": "2027-01-01", "periods": 6}}, "value_rate": {text}}}'
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, data, "p.json")
    assert [finding.path for finding in caught.value.findings] == ["value_rate"]


@pytest.mark.parametrize("text", ["yes", "1.5", ".nan", ".inf", "x", "[]"])
def test_absurd_counts_are_findings(tmp_path: Path, text: str) -> None:
    """A number of periods is a whole number."""
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, f"calendar: {{start: 2027-01-01, periods: {text}}}")
    assert [finding.path for finding in caught.value.findings] == ["calendar/periods"]


@pytest.mark.parametrize("number", ["0.1234567890123456789", "12345678901234567.1234567890123456"])
def test_too_many_decimals_are_a_finding(number: str) -> None:
    """More than 15 decimals are refused, however many digits stand before them."""
    with pytest.raises(InvalidInput, match="15 decimals"):
        portfolio(value_rate=number)


# -- YAML -------------------------------------------------------------------------------------


def bomb(levels: int) -> str:
    """Return a YAML text in which every level repeats the one before nine times."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        names = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} [{names}]")
    return "\n".join(lines)


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    """9^30 values out of 300 are counted, never expanded."""
    assert rule_of(tmp_path, bomb(30)) == "alias-bomb"


def test_honest_aliases_are_read() -> None:
    """An anchor may be used again and again."""
    data = parse("a: &x {duration: 1}\nb: [*x, *x, *x]\n")
    assert data == {"a": {"duration": 1}, "b": [{"duration": 1}] * 3}


@pytest.mark.parametrize("text", ["a: &x [*x]", "a: &x {b: *x}", "a: &x [[[*x]]]"])
def test_self_referencing_aliases_are_refused(tmp_path: Path, text: str) -> None:
    """A value that holds itself is an error, not a recursion."""
    assert rule_of(tmp_path, text) in {"file-syntax", "file-too-deep"}


def test_merge_keys_are_read() -> None:
    """``<<`` takes over the fields of another mapping, and own fields win, as YAML says."""
    assert parse("a: &x {d: 1, e: 2}\nb: {<<: *x, f: 3}\n")["b"] == {"d": 1, "e": 2, "f": 3}
    assert parse("a: &x {d: 1, e: 2}\nb: {<<: *x, d: 3}\n")["b"] == {"d": 3, "e": 2}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3, column 1"),
        ("a: {b: 1, c: 2, b: 3}\n", "line 1, column 17"),
        ("1: x\n1.0: y\n", "line 2, column 1"),
    ],
)
def test_duplicate_keys_are_refused(text: str, where: str) -> None:
    """A key that stands twice would silently win; the message says where."""
    with pytest.raises(InvalidInput, match="stands twice") as caught:
        parse(text)
    assert where in str(caught.value)


def test_duplicate_keys_are_refused_in_json(tmp_path: Path) -> None:
    """The same in JSON."""
    assert rule_of(tmp_path, '{"a": 1, "a": 2}', "p.json") == "file-syntax"


def test_years_that_stand_twice_are_refused() -> None:
    """2027 as number and as text are one fiscal year; neither may be dropped silently."""
    with pytest.raises(InvalidInput):
        portfolio(funds=[{"id": "F", "amounts": {"years": {"2027": 1, 2027: 2}}}])


BAD_YAML = [
    "a: [1, 2",  # never closed
    "a: b: c",
    "\ta: 1",
    "a: 'x",
    "a: *nobody",
    "a: 1\n---\nb: 2",  # two documents
    "a: !!python/object/apply:os.getcwd []",  # no code is run
    "a: !mine 1",
    "? [1]\n: 2",  # a list as key
    "a: \x01",
    "a: !!int x",
    "a: " + "9" * 5000,
    "@",
]


@pytest.mark.parametrize("text", BAD_YAML)
def test_broken_yaml_is_one_finding(tmp_path: Path, text: str) -> None:
    """Whatever is wrong with the text, one finding names the file and says how to mend it."""
    assert rule_of(tmp_path, text) == "file-syntax"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("!!bool maybe", "'maybe' is no bool"),
        ("!!timestamp soon", "'soon' is no timestamp"),
        ("!!int ''", "'' is no int"),
        ("!!int '-'", "'-' is no int"),
        ("!!int x", "'x' is no int"),
        ("!!float ''", "'' is no float"),
        ("!!float x", "'x' is no float"),
    ],
)
def test_a_text_that_is_not_what_its_tag_says_is_found_in_its_place(
    text: str, message: str
) -> None:
    """A tag that promises a type which the text has not is a finding with line and column."""
    with pytest.raises(InvalidInput) as caught:
        parse(f"name: x\nfield: {text}\n")
    (finding,) = caught.value.findings
    assert finding.rule == "file-syntax"
    assert finding.message == f"Not valid YAML: {message} in line 2, column 8."


IMPOSSIBLE_DAYS = ["2027-02-30", "2027-13-01", "2027-00-10", "2027-06-31", "2027-02-29"]


@pytest.mark.parametrize("name", ["p.yaml", "p.json"])
@pytest.mark.parametrize("day", IMPOSSIBLE_DAYS)
def test_an_impossible_day_is_one_finding_among_others(tmp_path: Path, day: str, name: str) -> None:
    """A day that no calendar has is found in its place, beside what else is wrong."""
    quoted = f'"{day}"' if name.endswith("json") else day
    text = (
        f'{{"calendar": {{"start": {quoted}, "periods": 6}}, "projects": [{{"id": "A", '
        f'"latest_start": {quoted}, "value": "much"}}, {{"id": "B", "vlaue": 1}}]}}'
    )
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, text, name)
    found = {finding.path: finding.message for finding in caught.value.findings}
    assert set(found) == {
        "calendar/start",
        "projects/A/latest_start",
        "projects/A/value",
        "projects/B/vlaue",
    }
    for path in ("calendar/start", "projects/A/latest_start"):
        assert found[path].endswith(f"is {day}, a day that does not exist.")


@pytest.mark.parametrize("text", ["2027-02-28 25:00:00", "2027-02-28T10:61:00Z", "2027-2-30 1:1:1"])
def test_an_impossible_time_is_a_finding_too(tmp_path: Path, text: str) -> None:
    """A time that no day has is not read, and what is wrong elsewhere is still told."""
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, f"calendar: {{start: {text}, periods: x}}")
    assert {finding.path for finding in caught.value.findings} == {
        "calendar/start",
        "calendar/periods",
    }


BAD_JSON = ["{", '{"a": }', "{'a': 1}", '{"a": 1} x', '{"a": 1e99999999999999999999999}']


@pytest.mark.parametrize("text", BAD_JSON)
def test_broken_json_is_one_finding(tmp_path: Path, text: str) -> None:
    """The same for JSON, a number beyond all limits included."""
    assert rule_of(tmp_path, text, "p.json") == "file-syntax"


@pytest.mark.parametrize("tag", ["!!set {x, y}", "!!omap [x: 1]", "!!binary aGVsbG8="])
def test_exotic_yaml_types_are_findings(tmp_path: Path, tag: str) -> None:
    """Types that JSON has not never come as far as the model."""
    with pytest.raises(InvalidInput):
        load(tmp_path, f"{HEAD}projects: {tag}")


@pytest.mark.parametrize("levels", [61, 1000, 5000])
@pytest.mark.parametrize("name", ["p.yaml", "p.json"])
def test_deep_nesting_is_refused(tmp_path: Path, levels: int, name: str) -> None:
    """A file nested deeper than any portfolio is one finding."""
    text = '{"a": ' + "[" * levels + "]" * levels + "}"
    assert rule_of(tmp_path, text, name) == "file-too-deep"


def test_modest_nesting_is_read() -> None:
    """Fifty levels are odd, but a file."""
    assert parse("a: " + "[" * 50 + "]" * 50)["a"]


def run_limited(code: str, cpu_seconds: int) -> subprocess.CompletedProcess[str]:
    """Run Python code with little memory and time of its own."""
    limits = f"""
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
        resource.setrlimit(resource.RLIMIT_CPU, ({cpu_seconds}, {cpu_seconds}))
        from pmo_optimizer.model import InvalidInput, Portfolio, files
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(limits) + textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


HOSTILE = {
    "nested a hundred thousand levels deep": """
        text = "a: " + "[" * 100_000 + "]" * 100_000
    """,
    "merge keys that repeat each other nine times": """
        part = "&a0 {k: 1}"
        for level in range(1, 9):
            again = ", ".join([f"*a{level - 1}"] * 9)
            part = f"&a{level} {{<<: [{part}, {again}]}}"
        text = "a: " + part
    """,
    "a whole number with a huge exponent": """
        text = "calendar: {start: 2027-01-01, periods: 1.0e+999999999}"
    """,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_do_no_harm(text: str) -> None:
    """A tiny file can neither crash the process nor eat all memory or time."""
    read = """
        try:
            Portfolio.parse(files.parse_yaml(text, "p.yaml"))
        except InvalidInput as error:
            print(error.findings[0].rule)
    """
    done = run_limited(textwrap.dedent(text) + textwrap.dedent(read), cpu_seconds=3)
    died = signal.Signals(-done.returncode).name if done.returncode < 0 else done.stderr[-200:]
    assert done.returncode == 0, died
    assert done.stdout.strip()


# -- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["p.yaml", "p.json"])
def test_a_byte_order_mark_is_skipped(tmp_path: Path, name: str) -> None:
    """Files from Windows editors begin with a mark."""
    text = b'\xef\xbb\xbf{"calendar": {"start": "2027-01-01", "periods": 6}}'
    assert load(tmp_path, text, name) == portfolio()


@pytest.mark.parametrize("content", [b"name: M\xfcnchen", "name: x".encode("utf-16"), b"\xff\xfe"])
@pytest.mark.parametrize("name", ["p.yaml", "p.json"])
def test_other_encodings_are_refused(tmp_path: Path, content: bytes, name: str) -> None:
    """Text that is not UTF-8 is a finding."""
    assert rule_of(tmp_path, content, name) == "file-not-text"


@pytest.mark.parametrize("name", ["p.yaml", "p.json"])
@pytest.mark.parametrize("content", ["", "  \n\n", "\ufeff"])
def test_empty_files_are_refused(tmp_path: Path, content: str, name: str) -> None:
    """A file without content is a finding."""
    assert rule_of(tmp_path, content, name) == "file-empty"


@pytest.mark.parametrize(
    ("content", "name"),
    [("# nothing yet\n", "p.yaml"), ("null", "p.json"), ("~", "p.yaml"), ("---\n", "p.yaml")],
)
def test_files_that_say_nothing_are_empty(tmp_path: Path, content: str, name: str) -> None:
    """A comment or a null is no portfolio either."""
    assert rule_of(tmp_path, content, name) == "file-empty"


@pytest.mark.parametrize("content", ["[1, 2]", '"text"', "7", "false"])
@pytest.mark.parametrize("name", ["p.yaml", "p.json"])
def test_a_file_holds_a_mapping(tmp_path: Path, content: str, name: str) -> None:
    """Lists and scalars at the top are a finding."""
    assert rule_of(tmp_path, content, name) == "file-shape"


def test_missing_files_and_folders_are_findings(tmp_path: Path) -> None:
    """A path without a file, or with a folder in its place, is a finding."""
    for path in (tmp_path / "none.yaml", tmp_path, tmp_path / "none" / "p.yaml"):
        with pytest.raises(InvalidInput) as caught:
            Portfolio.load(path)
        assert [finding.rule for finding in caught.value.findings] == ["file-missing"]


def test_huge_files_are_refused_unread(tmp_path: Path) -> None:
    """A file of 200 MB is a finding before a byte of it is read."""
    path = tmp_path / "p.yaml"
    with path.open("wb") as stream:
        stream.truncate(200 * 10**6)
    with pytest.raises(InvalidInput) as caught:
        Portfolio.load(path)
    assert [finding.rule for finding in caught.value.findings] == ["file-too-large"]


# -- saving -----------------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, str]:
    """Return names and texts of all files in a folder, hidden ones included."""
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["p.yaml", "p.json"])
def test_saving_leaves_nothing_beside(tmp_path: Path, name: str) -> None:
    """Saving, also over an old file, leaves exactly one file."""
    portfolio(name="old").save(tmp_path / name)
    portfolio(name="new").save(tmp_path / name)
    assert list(contents(tmp_path)) == [name]
    assert Portfolio.load(tmp_path / name).name == "new"


def test_text_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    """Writing that fails half way damages nothing and leaves nothing beside."""
    path = tmp_path / "p.yaml"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        files.write_text(path, "x" * 100_000 + "\udc80")
    assert contents(tmp_path) == {"p.yaml": "old"}


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the new file cannot take the old one's name, the old one stays."""
    path = tmp_path / "p.yaml"
    portfolio(name="old").save(path)
    before = contents(tmp_path)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        portfolio(name="new").save(path)
    assert contents(tmp_path) == before


def test_saving_over_a_folder_fails_cleanly(tmp_path: Path) -> None:
    """A folder is never replaced by a file."""
    (tmp_path / "p.yaml").mkdir()
    with pytest.raises(OSError, match=r"p\.yaml"):
        portfolio().save(tmp_path / "p.yaml")
    assert [path.name for path in tmp_path.iterdir()] == ["p.yaml"]


def test_saved_files_have_ordinary_rights(tmp_path: Path) -> None:
    """The file is readable as the umask says, not for its owner alone."""
    old = os.umask(0o022)
    try:
        portfolio().save(tmp_path / "p.yaml")
    finally:
        os.umask(old)
    assert (tmp_path / "p.yaml").stat().st_mode & 0o777 == 0o644


def test_saved_yaml_is_plain(tmp_path: Path) -> None:
    """Any YAML reader understands the file: no tags, no anchors, fields in the model's order."""
    Portfolio.parse(FULL).save(tmp_path / "p.yaml")
    text = (tmp_path / "p.yaml").read_text(encoding="utf-8")
    assert "!!" not in text
    assert "&id" not in text
    data: Data = yaml.safe_load(text)
    assert list(data)[:3] == ["schema_version", "name", "calendar"]
