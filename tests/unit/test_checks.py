"""The findings about a portfolio: each rule, their order, raw data, and the documentation."""

from __future__ import annotations

import copy
import difflib
import inspect
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from pmo_optimizer.checks import FORM_CODES, RULES, check, check_data, require_valid
from pmo_optimizer.checks.facts import MOST_CANDIDATES, MOST_SUGGESTIONS
from pmo_optimizer.checks.numbers import NOT_NEGATIVE, POSITIVE
from pmo_optimizer.model import Finding, InvalidInput, Portfolio, Severity, files, form
from pmo_optimizer.model.base import Frozen
from pmo_optimizer.model.errors import MORE, MOST_FINDINGS
from tests.unit.checks_cases import CASES, Case, data, work
from tests.unit.checks_full import FULL

DOCS = Path(__file__).parents[2] / "docs" / "checks.md"
SEVERITIES = {rule.code: rule.severity for rule in RULES}


def findings(**parts: Any) -> tuple[Finding, ...]:
    """Return the findings about a portfolio of these parts."""
    return check(Portfolio.parse(data(parts)))


def raw_codes(raw: dict[str, Any]) -> list[str]:
    """Return the codes of all findings about raw data."""
    return [finding.rule for finding in check_data(raw)[1]]


def full(**changes: Any) -> dict[str, Any]:
    """Return a copy of the portfolio that uses everything, with other fields at the top."""
    return {**copy.deepcopy(FULL), **changes}


def case_name(case: Case) -> str:
    """Return a readable test id."""
    return f"{case.code}:{case.path}"


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_each_rule_finds_its_case_and_nothing_else(case: Case) -> None:
    """The expected code appears alone, at the expected place, with message and fix."""
    found = findings(**case.parts)
    assert {finding.rule for finding in found} == {case.code}
    assert found[0].path == case.path
    assert {finding.severity for finding in found} == {SEVERITIES[case.code]}
    assert all(finding.message.endswith(".") and finding.fix.endswith(".") for finding in found)


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_messages_name_the_object(case: Case) -> None:
    """The message or the path names the innermost thing that has an id of its own."""
    found = findings(**case.parts)[0]
    names = [part for part in case.path.split("/") if part.isalpha() and part[0].isupper()]
    assert all(name in found.message for name in names)


def test_every_code_has_a_case() -> None:
    """No rule is without a test, and no code stands twice in the table of rules."""
    assert {case.code for case in CASES} == {rule.code for rule in RULES}
    assert len(SEVERITIES) == len(RULES)


def test_a_valid_portfolio_has_no_finding() -> None:
    """A portfolio that uses every part of the vocabulary is found to be in order."""
    assert check(Portfolio.parse(FULL)) == ()
    assert findings() == ()


def test_the_valid_portfolio_uses_the_whole_vocabulary() -> None:
    """Every list of the portfolio is in use, so that the test above means something."""
    assert all(
        Portfolio.parse(FULL).__dict__[name]
        for name in Portfolio.model_fields
        if name not in {"description"}
    )


def test_documentation_lists_exactly_the_codes() -> None:
    """``docs/checks.md`` explains each code once, with its severity."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \|", DOCS.read_text(encoding="utf-8"), re.M)
    documented = dict(rows)
    assert len(rows) == len(documented)
    form_codes = dict.fromkeys(FORM_CODES, Severity.ERROR)
    assert documented == {**SEVERITIES, **form_codes, MORE: Severity.WARNING}


def test_codes_of_form_are_those_that_reading_gives() -> None:
    """The listed codes of form are exactly those in the source of the reader."""
    source = inspect.getsource(files) + inspect.getsource(form)
    used = re.findall(r'"((?:file|alias|wrong|missing|unknown)-[a-z-]+)"', source)
    assert set(used) == set(FORM_CODES)


def parts_of(kind: Any) -> set[type[Frozen]]:
    """Return the kinds of objects in a type: itself, and those in its fields."""
    if isinstance(kind, type) and issubclass(kind, Frozen):
        inner = (field.annotation for field in kind.model_fields.values())
        return {kind}.union(*(parts_of(annotation) for annotation in inner))
    return set().union(*(parts_of(argument) for argument in get_args(kind)))


def test_no_price_may_be_negative() -> None:
    """Every price in a portfolio is in a table of limits, so that no breach is rewarded."""
    prices = {
        (kind, field)
        for kind in parts_of(Portfolio)
        for field in kind.model_fields
        if field == "price" or field.endswith("_price")
    }
    limited = {(k, f) for table in (NOT_NEGATIVE, POSITIVE) for k in table for f in table[k]}
    assert len(prices) >= 9
    assert prices <= limited


def test_errors_come_first() -> None:
    """Warnings follow after all errors."""
    found = findings(
        projects=[work("A", 13, due="2027-06-20"), work("B", 2, due="2029-01-01")],
        links=[{"from": "A", "to": "C"}],
    )
    assert [f.severity for f in found] == sorted(f.severity for f in found)
    assert {f.severity for f in found} == {Severity.ERROR, Severity.WARNING}


def test_order_of_rows_does_not_matter() -> None:
    """Turning every list of rows around gives the same findings in the same order."""
    broken = full(
        rules=[
            {"id": "c", "type": "count", "min": 99},
            {"id": "s", "type": "starts", "min": 3, "max": 1},
            {"id": "u", "type": "utilization", "ceiling": 2},
        ]
    )
    broken["projects"][0]["phases"][1]["duration"] = 40
    broken["projects"][3]["costs"] = [{"category": "capx", "lump": -1, "fund": "plam"}]
    broken["links"] += [{"from": "law", "to": "net"}, {"from": "net", "to": "law"}]
    broken["excludes"] += [{"projects": ["net", "law", "nobody"]}]
    turned = copy.deepcopy(broken)
    for name, rows in turned.items():
        if isinstance(rows, list) and name not in {"comparisons", "baseline"}:
            rows.reverse()
    found = check(Portfolio.parse(broken))
    assert len({finding.rule for finding in found}) >= 7
    assert check(Portfolio.parse(turned)) == found


def test_require_valid_raises_with_every_finding() -> None:
    """An error raises, and the exception carries warnings too."""
    portfolio = Portfolio.parse(data({"projects": [work("P", 13, due="2029-01-01")]}))
    with pytest.raises(InvalidInput) as caught:
        require_valid(portfolio)
    assert caught.value.findings == check(portfolio)
    assert [f.rule for f in caught.value.findings] == ["phase-too-long", "date-without-effect"]


def test_require_valid_returns_warnings() -> None:
    """Without an error the warnings come back."""
    portfolio = Portfolio.parse(data({"projects": [work("P", 2, due="2029-01-01")]}))
    assert [f.rule for f in require_valid(portfolio)] == ["date-without-effect"]


def test_close_ids_are_suggested() -> None:
    """A misspelt id comes with the one that was probably meant."""
    found = findings(
        links=[{"from": "crm-rolout", "to": "P"}], projects=[work("crm-rollout", 2), work("P", 2)]
    )
    assert [f.fix for f in found] == [
        "Did you mean crm-rollout? Correct the id, or add it to `projects` or `choose`."
    ]


def test_names_stand_beside_ids() -> None:
    """A planner reads the name of a project, not only its id."""
    found = findings(projects=[work("P12", 13, name="CRM")])
    assert "project P12 (CRM)" in found[0].message


def test_a_cycle_is_printed() -> None:
    """The projects on a cycle are listed in order, back to the first one."""
    found = findings(
        projects=[work(name, 1) for name in "ABC"],
        links=[{"from": a, "to": b} for a, b in ("AB", "BC", "CA")],
    )
    assert "A -> B -> C -> A" in found[0].message
    assert "3 period(s)" in found[0].message


def test_a_circle_without_delay_is_no_cycle() -> None:
    """Two projects that start together wait for each other and may still do so."""
    links = [{"from": a, "to": b, "type": "SS"} for a, b in ("AB", "BA")]
    assert findings(projects=[work("A", 2), work("B", 2)], links=links) == ()


def test_a_blocking_link_without_lags_says_something() -> None:
    """Without lags a blocking link still says that its target needs its source."""
    links = [{"from": "A", "to": "B", "min_lag": None}]
    assert findings(projects=[work("A", 2), work("B", 2)], links=links) == ()
    projects = [work("A", 2, decision="never"), work("B", 2, decision="must")]
    found = findings(projects=projects, links=links)
    assert [f.rule for f in found] == ["selection-conflict"]


def squeezed(decision: str) -> tuple[Finding, ...]:
    """Return the findings about 5 periods of A before 3 of B, which C needs, in 6 periods."""
    return findings(
        calendar={"start": "2027-01-01", "periods": 6},
        projects=[work("A", 5, decision=decision), work("B", 3, decision=decision), work("C", 1)],
        links=[{"from": "A", "to": "B"}],
        requires=[{"project": "C", "needs": ["B"]}],
    )


@pytest.mark.parametrize("decision", ["must", "free"])
def test_what_links_leave_a_project_is_told_in_periods(decision: str) -> None:
    """B may start when A ends, after 5 periods, and must when 3 of the 6 are left."""
    (found,) = (f for f in squeezed(decision) if f.path == "projects/B")
    assert found.message == (
        "Project B can never be scheduled: its links let it start no earlier than 2027-06 "
        "(period 5) and no later than 2027-04 (period 3)."
    )


def test_who_needs_what_cannot_be_is_told_its_name() -> None:
    """C has all the time it wants, and no B."""
    (found,) = (f for f in squeezed("must") if f.path == "projects/C")
    assert found.rule == "never-schedulable"
    assert found.message == (
        "Project C can never be scheduled: it needs project B, which can never be scheduled."
    )


def test_an_end_that_comes_too_late_is_told_as_the_beginning_of_a_period() -> None:
    """P ends with period 1 and Q starts with it at the latest: ends are exclusive."""
    found = findings(
        projects=[work("P", 2, state="running"), work("Q", 2, decision="must", latest_start=1)],
        links=[{"from": "P", "to": "Q"}],
    )
    assert found[0].message == (
        "Project P can never be scheduled: its links let it end no earlier than the beginning of "
        "2027-03 (period 2) and no later than the beginning of 2027-02 (period 1)."
    )


def test_a_contradiction_tells_its_chain() -> None:
    """Decisions that clash are explained step by step, each with the rule behind it."""
    found = findings(
        projects=[work("A", 2, decision="must"), work("B", 2), work("C", 2, decision="never")],
        requires=[{"project": "A", "needs": ["B"]}],
        all_or_none=[{"id": "pair", "projects": ["B", "C"]}],
    )
    assert "A is set to must; A requires B (requires:A>B), so B is in; " in found[0].message
    assert "all or none of B, C are in (pair), so C is in; but C is set to never" in (
        found[0].message
    )


def test_independent_contradictions_are_all_found() -> None:
    """Two pairs of must projects that exclude each other give two findings."""
    found = findings(
        projects=[work(name, 2, decision="must") for name in "ABCD"],
        excludes=[{"projects": ["A", "B"]}, {"projects": ["C", "D"]}],
    )
    assert [f.path for f in found] == ["projects/A", "projects/C"]


def test_intended_rivals_are_no_finding() -> None:
    """That a must variant keeps the others of its group out is what the group is for."""
    projects = [work("A", 2, decision="must"), work("B", 2)]
    assert findings(projects=projects, choose=[{"id": "G", "projects": ["A", "B"]}]) == ()


def test_a_group_can_be_linked_to_a_phase() -> None:
    """The selected member of a choose-one group may be the source of a phase's link."""
    found = findings(
        projects=[work(name, 2) for name in "ABC"],
        choose=[{"id": "G", "projects": ["A", "B"]}],
        links=[{"from": "G", "to": "C/phase-1"}],
    )
    assert found == ()


def test_a_running_project_may_have_begun_long_ago() -> None:
    """Dates before the calendar are natural for running and done projects."""
    begun = {"earliest_start": "2025-01-15", "latest_start": "2025-03-15"}
    done = {"id": "D", "state": "done", "latest_finish": "2026-01-15"}
    assert findings(projects=[work("R", 2, state="running", **begun), done]) == ()


def test_a_running_project_may_list_its_phases_in_any_order() -> None:
    """With links of its own it goes on with the phase that waits for no other."""
    phases = [{"id": "test", "duration": 1}, {"id": "build", "duration": 2}]
    links = [{"from": "build", "to": "test"}]
    assert findings(projects=[work("R", state="running", links=links) | {"phases": phases}]) == ()
    pinned = [phases[0], phases[1] | {"pin": {"start": 3}}]
    (found,) = findings(projects=[work("R", state="running", links=links) | {"phases": pinned}])
    assert (found.rule, found.path) == ("running-pin", "projects/R/phases/build/pin/start")


def test_a_soft_share_may_be_impossible() -> None:
    """With a price, a share that cannot be reached is only breached."""
    rules = [
        {
            "type": "share",
            "measure": "value",
            "where": {"category": name},
            "sense": "at_least",
            "share": 0.6,
            "price": 1,
        }
        for name in "xy"
    ]
    projects = [work("A", 2, category="x"), work("B", 2, category="y")]
    assert findings(projects=projects, rules=rules) == ()


def test_overload_serves_every_need() -> None:
    """A skill with an overload price never lacks capacity."""
    need = {"skill": "dev", "fte": 50, "min_proficiency": 0.9}
    project = work("P", phases=[{"duration": 2, "needs": [need]}])
    assert findings(skills=[{"id": "dev", "overload_price": 1}], projects=[project]) == ()


def test_hires_serve_needs() -> None:
    """Heads that can be hired in time count as supply, up to their number."""

    def found(fte: float) -> tuple[Finding, ...]:
        need = {"skill": "dev", "fte": fte}
        return findings(
            skills=[{"id": "dev"}],
            hires=[{"id": "h", "skill": "dev", "max_heads": 2, "lead_time": 3}],
            projects=[work("P", phases=[{"duration": 2, "needs": [need]}])],
        )

    assert found(2) == ()
    assert [f.rule for f in found(2.01)] == ["need-too-large"]


def test_no_number_of_digits_raises() -> None:
    """Numbers of thousands of digits, which Python refuses to print, are findings."""
    huge = 10**6000
    found = findings(
        calendar={"start": "2027-01-01", "periods": huge},
        projects=[work("P", huge, max_gap=-huge, earliest_start=huge, due=-huge)],
        links=[{"from": "P", "to": "P/phase-1", "min_lag": huge, "max_lag": 0}],
        funds=[{"id": "F", "amounts": {"years": {huge: 1}}}],
        choose=[{"id": "G", "projects": ["P"], "min": huge, "max": -huge}],
        rules=[{"id": "r", "type": "count", "min": huge, "max": 1}],
    )
    assert {"calendar-periods", "too-large", "lag-order", "choose-range", "rule-range"} <= {
        finding.rule for finding in found
    }


def test_data_of_sound_form_gives_portfolio_and_findings() -> None:
    """Without errors of form, `check_data` is reading and checking."""
    raw = data({"projects": [work("P", 13)]})
    portfolio, found = check_data(raw)
    assert portfolio == Portfolio.parse(raw)
    assert found == check(Portfolio.parse(raw))


def test_errors_of_form_do_not_hide_errors_of_meaning() -> None:
    """A typo, a wrong type and a cycle come out together, and there is no portfolio."""
    raw = data(
        {
            "projects": [work("A", 2, prioritaet=3), work("B", 2, probability="high")],
            "links": [{"from": "A", "to": "B"}, {"from": "B", "to": "A"}, {"from": "A"}],
            "funds": [{"id": "F", "amounts": {"total": -1}}],
        }
    )
    before = copy.deepcopy(raw)
    portfolio, found = check_data(raw)
    assert portfolio is None
    assert {f.rule for f in found} == {
        "unknown-field",
        "wrong-type",
        "missing-field",
        "cycle",
        "negative-number",
    }
    assert raw == before


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [
        (("people", 0, "skills"), "dev", "wrong-type"),  # serves web's needs
        (("people", 0, "absences", 0, "share"), "half", "wrong-type"),
        (("skills",), {"dev": 1}, "wrong-type"),  # skills are referred to
        (("funds", 0, "amounts", "years", 2028), "much", "wrong-type"),
        (("funds", 0, "amounts"), None, "wrong-type"),  # lines name this fund
        (("funds", 2, "carry_over"), "some", "wrong-value"),
        (("criteria", 0, "best"), "high", "wrong-type"),
        (("criteria", 0, "id"), None, "wrong-type"),  # scored and compared
        (("pools", 0, "profile", 3), float("nan"), "wrong-value"),
        (("calendar", "sites"), "north", "wrong-type"),  # ann works there
        (("projects", 0, "scores", "growth"), "good", "wrong-type"),
        (("projects", 0, "phases", 1, "duration"), "long", "wrong-type"),  # linked, required
        (("projects", 0, "phases", 1, "needs", 0, "profile", 2), "x", "wrong-type"),
        (("projects", 0, "phases", 0, "modes", 1, "duration"), None, "wrong-type"),
        (("projects", 2, "phases", 0, "pin", "mode"), ["x"], "wrong-type"),
        (("projects", 2, "phases"), 7, "wrong-type"),  # a link names net/a
        (("projects", 1, "state"), "runing", "wrong-value"),
        (("projects", 6, "state"), "dnoe", "wrong-value"),
        (("choose", 0, "max"), "one", "wrong-type"),
        (("choose", 0), "sso", "wrong-type"),  # linked and required
        (("choose", 0, "projects"), None, "wrong-type"),
        (("links", 0, "type"), "FX", "wrong-value"),
        (("rules", 0, "share"), "much", "wrong-type"),
        (("rules", 0, "type"), "shares", "wrong-value"),
        (("objective", "terms", 0, "term"), "profit", "wrong-value"),
        (("baseline",), "none", "wrong-type"),  # changes are counted
        (("hires", 0, "lead_time"), "soon", "wrong-type"),
    ],
)
def test_consequences_of_unread_parts_are_no_findings(
    place: tuple[Any, ...], value: object, code: str
) -> None:
    """One bad value in a valid portfolio gives findings of form and no other."""
    raw = full()
    here: Any = raw
    for step in place[:-1]:
        here = here[step]
    here[place[-1]] = value
    codes = set(raw_codes(raw))
    assert code in codes
    assert codes <= {"wrong-type", "wrong-value"}


@pytest.mark.parametrize(
    ("place", "typo"),
    [
        (("skills",), "skils"),
        (("people",), "persons"),
        (("projects",), "project"),
        (("funds",), "fund"),
        (("criteria",), "criterias"),
        (("choose",), "chose"),
        (("baseline",), "base_line"),
        (("projects", 0, "phases"), "phase"),
        (("projects", 0, "scores"), "score"),
        (("projects", 0, "due"), "due_date"),
        (("people", 0, "skills"), "skill"),
        (("pools", 0, "profile"), "profil"),
        (("funds", 1, "amounts"), "amount"),
        (("projects", 0, "phases", 0, "modes"), "mode"),
        (("projects", 0, "phases", 1, "duration"), "lasts"),
        (("calendar", "sites"), "site"),
    ],
)
def test_misspelt_fields_have_no_consequences(place: tuple[Any, ...], typo: str) -> None:
    """A misspelt field is an unknown field (and may be missing), and nothing else."""
    raw = full()
    here: Any = raw
    for step in place[:-1]:
        here = here[step]
    here[typo] = here.pop(place[-1])
    codes = set(raw_codes(raw))
    assert "unknown-field" in codes
    assert codes <= {"unknown-field", "missing-field"}


def test_unrelated_findings_survive_a_typo() -> None:
    """A typo in one project hides neither another project's findings nor a missing skill."""
    raw = full()
    raw["projects"][0]["collor"] = "red"
    raw["projects"][3]["phases"] = [{"duration": 99}]
    raw["projects"][4]["phases"] = [{"duration": 1, "needs": [{"skill": "dve", "fte": 1}]}]
    assert sorted(raw_codes(raw)) == ["phase-too-long", "unknown-field", "unknown-id"]


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"calendar": None},
        {"calendar": {"start": "2027-01-01"}},
        {"calendar": {"start": "soon", "periods": 3}, "projects": 5},
        {1: 2},
    ],
)
def test_data_without_a_calendar_is_only_judged_by_its_form(raw: dict[Any, Any]) -> None:
    """Where no portfolio can be made, the errors of form come out alone."""
    portfolio, found = check_data(raw)
    assert portfolio is None
    assert {f.rule for f in found} <= set(FORM_CODES)
    assert found


def test_deep_data_is_not_repaired() -> None:
    """Data nested a thousand levels deep gives findings and no exception."""
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    portfolio, found = check_data(data({"funds": deep}))
    assert portfolio is None
    assert found


def test_a_milestone_among_modes_asks_for_nothing() -> None:
    """A mode of no duration that asks for effort is judged without dividing by it."""
    needs = [{"skill": "dev", "effort": 1}]
    modes = [{"id": "none", "duration": 0, "needs": needs}, {"duration": 2, "needs": needs}]
    found = findings(
        skills=[{"id": "dev"}],
        pools=[{"id": "team", "skill": "dev", "fte": 0.1}],
        projects=[{"id": "A", "value": 1, "decision": "must", "phases": [{"modes": modes}]}],
    )
    assert "must-need-too-large" not in {finding.rule for finding in found}


def test_wrong_ids_are_compared_with_others_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ids are wrong, few are compared, and each with a bounded number of others."""
    compared: list[int] = []
    close_of = difflib.get_close_matches

    def counted(word: str, names: Any, **options: Any) -> list[str]:
        compared.append(len(names))
        return close_of(word, names, **options)

    monkeypatch.setattr("pmo_optimizer.checks.facts.difflib.get_close_matches", counted)
    found = findings(
        projects=[work(f"P{number}", 2) for number in range(MOST_CANDIDATES + 500)],
        links=[{"from": f"Q{number}", "to": f"P{number}"} for number in range(100)],
    )
    assert sum(finding.rule == "unknown-id" for finding in found) == 100
    assert len(compared) == MOST_SUGGESTIONS
    assert max(compared) <= MOST_CANDIDATES


def test_findings_are_bounded_and_the_others_counted() -> None:
    """Of very many findings the first are listed, and the others are counted."""
    number = MOST_FINDINGS + 500
    found = findings(
        projects=[work("A", 2)],
        links=[{"from": f"Q{index}", "to": "A"} for index in range(number)],
    )
    assert len(found) == MOST_FINDINGS + 1
    assert {finding.rule for finding in found[:-1]} == {"unknown-id"}
    assert (found[-1].rule, found[-1].severity) == (MORE, Severity.WARNING)
    assert "500 more" in found[-1].message


@pytest.mark.parametrize("number", [MOST_FINDINGS + 500, form.MOST_ERRORS + 1])
def test_errors_of_form_are_bounded(number: int) -> None:
    """Input full of errors of form has a bounded list of findings, and is not repaired."""
    portfolio, found = check_data(data({"projects": [0] * number}))
    assert portfolio is None
    assert 0 < len(found) <= MOST_FINDINGS + 1
    assert found[0].severity is Severity.ERROR
    told = found[-1].message
    assert "500 more" in told or f"{number:,}" in told
