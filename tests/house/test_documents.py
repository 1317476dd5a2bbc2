"""What the documents say is true: commands run, files exist, generated files are current."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from pmo_optimizer.schemas import plan_schema, portfolio_schema, scenario_schema

ROOT = Path(__file__).parents[2]

DOCUMENTS = sorted(
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("s*/README.md"))
    if path.is_file()
)

BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

RUNNABLE = [path for path in DOCUMENTS if BLOCK.search(path.read_text())]

TEST_SECONDS = 3
TEST_GAP = 0.5
"""Documents give engines more time than a test has. Plans near enough end a command early; what is
solved once is what the commands after it need, and may take all its time on a busy machine."""


def name_of(path: Path) -> str:
    """Return a document's path within the project."""
    return str(path.relative_to(ROOT))


def script_of(kind: str, text: str) -> list[str]:
    """Return the command line that runs a block, stopping at the first error."""
    if kind == "python":
        text = re.sub(r"time_limit=\d+", f"time_limit={TEST_SECONDS}", text)
        return ["python", "-c", text]
    text = re.sub(r"(?m)^pmo-optimizer (solve|compare) .*", _less_exact, text)
    text = re.sub(r"(?m)^(?!.* solve ).*", _shortened, text)
    # The two make commands are what runs this test; that they exist is what can be tested here.
    text = re.sub(r"^make ", f"make --silent -n -C {ROOT} ", text, flags=re.MULTILINE)
    return ["bash", "-euo", "pipefail", "-c", text]


def _less_exact(line: re.Match[str]) -> str:
    """Return a command that ends at a gap, where it named none."""
    if " --gap " in line[0]:
        return line[0]
    return re.sub(r"--time-limit \d+", rf"\g<0> --gap {TEST_GAP}", line[0])


def _shortened(line: re.Match[str]) -> str:
    """Return a command with a time limit of so many seconds, where it had more."""
    return re.sub(
        r"--time-limit (\d+)",
        lambda found: f"--time-limit {min(int(found[1]), TEST_SECONDS)}",
        line[0],
    )


@pytest.mark.parametrize("document", RUNNABLE, ids=name_of)
def test_every_command_in_the_documents_works(
    document: Path, tmp_path: Path, environment: dict[str, str], warm: Path
) -> None:
    """The bash and Python blocks of a document run one after the other in an empty folder."""
    environment = environment | {"PATH": f"{warm}{os.pathsep}{environment['PATH']}"}
    for kind, text in BLOCK.findall(document.read_text()):
        done = subprocess.run(
            script_of(kind, text),
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_within_the_project_lead_somewhere(document: Path) -> None:
    """Every relative link names a file that exists."""
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text())
    assert all((document.parent / link).exists() for link in links), links


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_paths_in_documents_exist(document: Path) -> None:
    """Paths of the project in backticks name something that exists."""
    found = re.findall(
        r"`((?:pmo_optimizer|solvers|scenarios|tests|docs)/[\w./]+)`", document.read_text()
    )
    assert all((ROOT / path).exists() for path in found), found


def test_portfolio_schema_is_current() -> None:
    """docs/portfolio.schema.json is what the models say (`make schema` writes it)."""
    kept = json.loads((ROOT / "docs" / "portfolio.schema.json").read_text())
    assert kept == portfolio_schema()


def test_scenario_schema_is_current() -> None:
    """docs/scenario.schema.json is what the models say (`make schema` writes it)."""
    kept = json.loads((ROOT / "docs" / "scenario.schema.json").read_text())
    assert kept == scenario_schema()


def test_schema_knows_the_short_forms() -> None:
    """A phase may say its duration itself, and a filter may name one category."""
    parts = portfolio_schema()["$defs"]
    assert parts["Phase"]["properties"]["duration"] == parts["Mode"]["properties"]["duration"]
    assert parts["Phase"]["oneOf"] == [{"required": ["modes"]}, {"required": ["duration"]}]
    assert parts["Phase"]["dependentRequired"] == {"needs": ["duration"], "costs": ["duration"]}
    assert {"type": "string"} in parts["Filter"]["properties"]["category"]["anyOf"]


def test_schema_takes_what_the_reader_takes() -> None:
    """Ids may be whole numbers, numbers texts of a number, and years are keys of digits."""
    parts = portfolio_schema()["$defs"]
    for part, name in (("Project", "id"), ("Phase", "id"), ("Link", "id"), ("Need", "skill")):
        assert parts[part]["properties"][name]["type"] == ["string", "integer"]
    probability = parts["Project"]["properties"]["probability"]
    for text, is_number in (
        ("0.5", True),
        ("-1e-3", True),
        (".5", True),
        ("", False),
        ("x", False),
    ):
        assert bool(re.search(probability["pattern"], text)) is is_number
    years = parts["Amounts"]["properties"]["years"]["anyOf"][0]
    (key,) = years["patternProperties"]
    assert re.search(key, "2027")
    assert not re.search(key, "FY27")
    assert years["additionalProperties"] is False
    assert portfolio_schema()["properties"]["schema_version"]["enum"] == ["1", 1]


def test_plan_schema_names_the_fields_of_a_plan() -> None:
    """The schema of plan files lists status and termination as required."""
    assert {"status", "termination"} <= set(plan_schema()["required"])


def test_changelog_has_an_unreleased_section() -> None:
    """The changelog has the form of Keep a Changelog, beginning with what is unreleased."""
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", h) for h in headings[1:])


def test_version_is_the_same_everywhere() -> None:
    """The version in pyproject.toml is the one of the package."""
    from pmo_optimizer import __version__

    assert f'\nversion = "{__version__}"\n' in (ROOT / "pyproject.toml").read_text()


CITED = re.compile(r"formulation, sections? (\d+)(?: to (\d+))?")

CITING = ("pmo_optimizer", "solvers", "scenarios", "tests", "benchmarks")
"""Folders whose comments may cite the formulation."""


def test_cited_sections_exist() -> None:
    """Every section of the formulation that a comment cites exists, and nothing else is cited."""
    headings = re.findall(r"^## (\d+)\.", (ROOT / "docs" / "formulation.md").read_text(), re.M)
    assert headings == [str(number + 1) for number in range(len(headings))]
    cited: set[str] = set()
    for folder in CITING:
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            cited.update(n for pair in CITED.findall(text) for n in pair if n)
            assert not re.search(r"\b(?:MODEL|DESIGN)\W+\d", text), name_of(path)
    assert cited <= set(headings)
    assert len(cited) > 5
