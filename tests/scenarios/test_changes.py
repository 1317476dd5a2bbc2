"""What each change of a scenario does to a portfolio, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from pmo_optimizer import Decision, InvalidInput, Portfolio, Severity
from pmo_scenarios import Scenario

BASE: dict[str, Any] = {
    "calendar": {"start": "2027-01-01", "periods": 24},
    "criteria": [
        {"id": "growth", "weight": 0.5},
        {"id": "safety", "weight": 0.3},
        {"id": "image", "weight": 0.2},
    ],
    "skills": [{"id": "dev"}, {"id": "law", "overload_price": 2}],
    "people": [
        {"id": "ann", "skills": {"dev": 1, "law": 0.5}, "fte": 0.8},
        {
            "id": "bob",
            "skills": {"dev": 0.5},
            "absences": [{"first": "2027-03-01", "last": "2027-03-31", "share": 0.5}],
        },
        {"id": "crew", "skills": {"law": 1}, "count": 3},
    ],
    "pools": [{"id": "team", "skill": "dev", "fte": 2}],
    "funds": [
        {"id": "capex", "amounts": {"years": {2027: 100, 2028: 200}}},
        {"id": "gift", "amounts": {"total": 50}},
        {"id": "cash", "amounts": {"periods": [10] * 24}, "price": 0.5},
    ],
    "caps": [{"id": "cloud", "amounts": {"total": 80}}],
    "projects": [
        {
            "id": "A",
            "scores": {"growth": 5, "safety": 5, "image": 5},
            "probability": 0.5,
            "costs": [{"id": "own", "lump": 10}],
            "phases": [
                {
                    "id": "plan",
                    "duration": 2,
                    "needs": [{"skill": "dev", "fte": 0.5, "must_not": ["bob"]}],
                    "costs": [{"id": "pay", "profile": [4, 8]}],
                },
                {"id": "build", "duration": 4, "needs": [{"skill": "law", "effort": 2}]},
            ],
        },
        {"id": "B", "value": 2, "due": "2027-12-31", "phases": [{"id": "do", "duration": 5}]},
        {"id": "C", "value": 1, "phases": [{"id": "do", "duration": 3}]},
        {"id": "D", "value": 1, "decision": "never", "phases": [{"id": "do", "duration": 1}]},
    ],
    "links": [{"id": "a-before-b", "from": "A/plan", "to": "B"}],
    "requires": [{"id": "c-needs", "project": "C", "needs": ["A", "B"]}],
    "choose": [{"id": "one", "projects": ["B", "D"]}],
    "rules": [{"id": "few", "type": "count", "min": 1, "max": 3}],
    "baseline": [
        {"project": "A", "phases": [
            {"phase": "plan", "start": 1, "mode": "normal", "people": ["ann"]},
            {"phase": "build", "start": 6, "mode": "normal"},
        ]},
        {"project": "C", "phases": [{"phase": "do", "start": 9}]},
    ],
}  # fmt: skip

EXTRA = {"id": "E", "value": 3, "phases": [{"duration": 1}]}


@pytest.fixture(scope="module")
def base() -> Portfolio:
    """Return a portfolio with one of everything that changes name."""
    return Portfolio.parse(BASE)


def changed(base: Portfolio, *changes: dict[str, Any]) -> Portfolio:
    """Return the portfolio that changes make."""
    return Scenario.parse({"id": "s", "changes": list(changes)}).apply(base)


def fund(name: str) -> Callable[[Portfolio], object]:
    """Return what reads the amounts of a fund."""
    return lambda p: next(f.amounts for f in p.funds if f.id == name).model_dump(exclude_none=True)


def project(name: str, field: str) -> Callable[[Portfolio], object]:
    """Return what reads a field of a project."""
    return lambda p: getattr(p.project_by_id[name], field)


def pool(name: str) -> Callable[[Portfolio], object]:
    """Return what reads the profile of a pool, the first five periods."""
    return lambda p: next(x.profile for x in p.pools if x.id == name)[:5]  # type: ignore[index]


def ids(field: str) -> Callable[[Portfolio], object]:
    """Return what reads the ids of a list."""
    return lambda p: [item.id for item in getattr(p, field)]


D = Decimal

EFFECTS: list[tuple[str, dict[str, Any], Callable[[Portfolio], object], object]] = [
    (
        "a year's budget by percent",
        {"change": "budget", "fund": "capex", "year": 2028, "percent": -10},
        fund("capex"),
        {"years": {2027: D(100), 2028: D(200) - 20}},
    ),
    (
        "a budget by an amount per year",
        {"change": "budget", "fund": "capex", "by": 5},
        fund("capex"),
        {"years": {2027: D(100) + 5, 2028: D(200) + 5}},
    ),
    (
        "a total budget",
        {"change": "budget", "fund": "gift", "to": 70.5},
        fund("gift"),
        {"total": D("70.5")},
    ),
    (
        "a budget of some periods",
        {"change": "budget", "fund": "cash", "first": "2027-02-01", "last": 2, "by": -10},
        fund("cash"),
        {"periods": (D(10), D(0), D(0), *[D(10)] * 21)},
    ),
    (
        "a budget per period, of a fiscal year",
        {"change": "budget", "fund": "cash", "year": 2028, "percent": 10},
        fund("cash"),
        {"periods": (*[D(10)] * 12, *[D(11)] * 12)},
    ),
    (
        "the limit of a cap",
        {"change": "limit", "target": "cloud", "percent": 50},
        lambda p: p.caps[0].amounts.total,
        D(80) + 40,
    ),
    (
        "the limit of a rule",
        {"change": "limit", "target": "few", "field": "max", "by": 1},
        lambda p: (p.rules[0].min, p.rules[0].max),  # type: ignore[union-attr]
        (1, 3 + 1),
    ),
    (
        "capacity by FTE",
        {"change": "capacity", "skill": "dev", "fte": 0.5, "first": 1, "last": "2027-03-05"},
        pool("extra-dev"),
        (D(0), D("0.5"), D("0.5"), D(0), D(0)),
    ),
    (
        "less capacity by FTE, which pools lose",
        {"change": "capacity", "skill": "dev", "fte": -0.5, "first": 3},
        pool("team"),
        (D(2), D(2), D(2), D("1.5"), D("1.5")),
    ),
    (
        # ann 0.8 x 1 and bob 1 x 0.5, in March half of him; the pool of 2 has grown by itself
        "more capacity by percent",
        {"change": "capacity", "skill": "dev", "percent": 10},
        pool("extra-dev"),
        tuple(D(x) for x in ("0.13", "0.13", "0.10", "0.13", "0.13")),
    ),
    (
        "pools grow by percent",
        {"change": "capacity", "skill": "dev", "percent": 10, "last": 3},
        pool("team"),
        (*[D("2.20")] * 4, D(2)),
    ),
    (
        # bob has half of March left, of which half goes
        "less capacity by percent is time that people do not have",
        {"change": "capacity", "skill": "dev", "percent": -50, "first": 1, "last": 3},
        lambda p: [
            [str(fte) for fte in group.available[:5]]
            for group in sorted(p.classes, key=lambda c: c.id)
            if "dev" in dict(group.skills)
        ],
        [["1.00", "0.50", "0.25", "0.50", "1.00"], ["0.80", "0.40", "0.40", "0.40", "0.80"]],
    ),
    (
        "people who join",
        {"change": "add-people", "people": [{"id": "eve", "skills": {"dev": 1}}]},
        ids("people"),
        ["ann", "bob", "crew", "eve"],
    ),
    (
        "people who are gone, and what names them",
        {"change": "remove-people", "people": ["bob", "team"], "references": "drop"},
        lambda p: (
            [x.id for x in (*p.people, *p.pools)],
            p.projects[0].phases[0].modes[0].needs[0].must_not,
        ),
        (["ann", "crew"], ()),
    ),
    (
        "people who leave",
        {"change": "remove-people", "people": ["ann"], "last": "2027-06-30"},
        lambda p: str(p.people[0].available_until),
        "2027-06-30",
    ),
    (
        "some heads of an entry leave",
        {"change": "remove-people", "people": ["crew"], "heads": 1, "last": "2027-06-30"},
        lambda p: {x.id: (x.count, x.available_until is None) for x in p.people[2:]},
        {"crew": (3 - 1, True), "crew-leaving": (1, False)},
    ),
    (
        "new candidates",
        {"change": "add-projects", "projects": [EXTRA]},
        ids("projects"),
        ["A", "B", "C", "D", "E"],
    ),
    (
        "candidates that are gone, and what names them",
        {"change": "remove-projects", "projects": ["A"], "references": "drop"},
        lambda p: (
            [x.id for x in p.projects],
            p.links,
            p.requires[0].needs,
            [b.project for b in p.baseline],
        ),
        (["B", "C", "D"], (), ("B",), ["C"]),
    ),
    (
        "a must",
        {"change": "decide", "projects": ["A"], "decision": "must"},
        project("A", "decision"),
        Decision.MUST,
    ),
    (
        "scores",
        {"change": "scores", "project": "A", "scores": {"growth": 7.5}},
        project("A", "scores"),
        {"growth": D("7.5"), "safety": D(5), "image": D(5)},
    ),
    (
        "a direct value",
        {"change": "scores", "project": "B", "value": 4},
        project("B", "value"),
        D(4),
    ),
    (
        # what is left, 0.75, is shared as 0.3 : 0.2 was
        "weights",
        {"change": "weights", "weights": {"growth": 0.25}},
        lambda p: dict(p.criteria_weights),
        {"growth": D("0.25"), "safety": D("0.45"), "image": D("0.30")},
    ),
    (
        "the probability of success",
        {"change": "success", "projects": ["A"], "percent": 20},
        project("A", "probability"),
        D("0.6"),
    ),
    (
        "dates that are given and cleared",
        {"change": "dates", "projects": ["B"], "earliest_start": 2, "clear": ["due"]},
        lambda p: (p.projects[1].earliest_start, p.projects[1].due),
        (2, None),
    ),
    (
        "what has begun stays",
        {"change": "freeze", "until": "2027-05-15"},
        lambda p: [
            (x.decision.value, [f.pin and (f.pin.start, f.pin.people) for f in x.phases])
            for x in (p.projects[0], p.projects[2])
        ],
        [("must", [(1, ("ann",)), None]), ("free", [None])],
    ),
    (
        "nothing else begins before the date",
        {"change": "freeze", "until": "2027-05-15", "closed": True},
        lambda p: [x.earliest_start for x in p.projects],
        [None, 5, 5, 5],
    ),
    (
        # two periods of 4 and 8 become three of the same mean level
        "longer phases at the same rates",
        {"change": "work", "targets": ["A/plan"], "duration": 50},
        lambda p: (
            [x.modes[0].duration for x in p.projects[0].phases],
            p.projects[0].phases[0].modes[0].costs[0].profile,
        ),
        ([2 + 1, 4], (D(4), D(4 + 8) / 2, D(8))),
    ),
    (
        "more effort",
        {"change": "work", "targets": ["A"], "effort": 10},
        lambda p: (
            p.projects[0].phases[0].modes[0].needs[0].fte,
            p.projects[0].phases[1].modes[0].needs[0].effort,
        ),
        (D("0.55"), D("2.2")),
    ),
    (
        "more cost",
        {"change": "work", "targets": ["A"], "cost": 2.5},
        lambda p: (
            p.projects[0].costs[0].lump,
            p.projects[0].phases[0].modes[0].costs[0].profile,
        ),
        (D("10.25"), (D("4.1"), D("8.2"))),
    ),
    ("a link off", {"change": "off", "targets": ["a-before-b"]}, ids("links"), []),
    ("a rule off, by its path", {"change": "off", "targets": ["rules/few"]}, ids("rules"), []),
    (
        "a rule on",
        {"change": "on", "excludes": [{"projects": ["A", "D"]}]},
        ids("excludes"),
        ["excludes:A+D"],
    ),
    (
        "a hard limit becomes soft",
        {"change": "soft", "targets": ["capex", "few", "B", "dev"], "price": 3},
        lambda p: (
            p.funds[0].price,
            p.rules[0].price,
            p.projects[1].late_price,
            p.skills[0].overload_price,
        ),
        (D(3),) * 4,
    ),
    (
        "a soft limit becomes hard",
        {"change": "hard", "targets": ["cash", "law"]},
        lambda p: (p.funds[2].price, p.skills[1].overload_price),
        (None, None),
    ),
    (
        "another price",
        {"change": "price", "targets": ["cash"], "price": 0.75},
        lambda p: p.funds[2].price,
        D("0.75"),
    ),
]


@pytest.mark.parametrize(
    ("change", "read", "expected"), [e[1:] for e in EFFECTS], ids=[e[0] for e in EFFECTS]
)
def test_a_change_does_what_it_says(
    base: Portfolio, change: dict[str, Any], read: Callable[[Portfolio], object], expected: object
) -> None:
    """The named part is as the change says, and the base still is what it was."""
    before = base.digest()
    result = changed(base, change)
    assert read(result) == expected
    assert result.digest() != before
    assert Portfolio.parse(BASE).digest() == before == base.digest()


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"change": "budget", "fund": "capx", "by": 1}, "unknown-target", "fund"),
    ({"change": "budget", "fund": "capex"}, "change-amount", ""),
    ({"change": "budget", "fund": "capex", "by": 1, "to": 2}, "change-amount", ""),
    ({"change": "budget", "fund": "capex", "by": -101}, "change-amount", ""),
    ({"change": "budget", "fund": "capex", "year": 2031, "by": 1}, "change-outside", "year"),
    ({"change": "budget", "fund": "gift", "year": 2027, "by": 1}, "change-outside", "year"),
    ({"change": "budget", "fund": "cash", "first": 30, "by": 1}, "change-outside", "first"),
    ({"change": "limit", "target": "few", "by": 1}, "ambiguous-target", "field"),
    ({"change": "limit", "target": "few", "field": "share", "by": 1}, "change-outside", "field"),
    ({"change": "limit", "target": "few", "field": "max", "by": 0.5}, "change-amount", ""),
    ({"change": "capacity", "skill": "dve", "fte": 1}, "unknown-target", "skill"),
    ({"change": "capacity", "skill": "dev", "fte": -3}, "change-amount", "fte"),
    ({"change": "capacity", "skill": "dev", "percent": -101}, "change-amount", "percent"),
    ({"change": "capacity", "skill": "dev", "fte": 1, "percent": 1}, "change-amount", ""),
    (
        {"change": "add-people", "people": [{"id": "team", "skills": {}}]},
        "duplicate-id",
        "people/team",
    ),
    ({"change": "remove-people", "people": ["amn"]}, "unknown-target", "people"),
    ({"change": "remove-people", "people": ["bob"]}, "dangling-reference", "people"),
    ({"change": "remove-people", "people": ["crew"], "heads": 4}, "change-outside", "heads"),
    ({"change": "remove-people", "people": ["team"], "heads": 1}, "change-outside", "heads"),
    ({"change": "add-projects", "projects": [EXTRA | {"id": "A"}]}, "duplicate-id", "projects/A"),
    ({"change": "remove-projects", "projects": ["Z"]}, "unknown-target", "projects"),
    ({"change": "remove-projects", "projects": ["A"]}, "dangling-reference", "projects"),
    ({"change": "decide", "projects": ["Z"], "decision": "must"}, "unknown-target", "projects"),
    ({"change": "scores", "project": "A", "scores": {"x": 1}}, "unknown-target", "scores"),
    ({"change": "weights", "weights": {"growth": 1.1}}, "change-amount", "weights"),
    ({"change": "weights", "weights": {"grwth": 0.1}}, "unknown-target", "weights"),
    ({"change": "success", "projects": ["A"], "by": 0.6}, "change-amount", ""),
    ({"change": "dates", "projects": ["A"], "due": 3, "clear": ["due"]}, "change-amount", "due"),
    ({"change": "work", "targets": ["A/bild"], "cost": 1}, "unknown-target", "targets"),
    ({"change": "work", "targets": ["A"], "cost": -101}, "change-amount", "cost"),
    ({"change": "off", "targets": ["fev"]}, "unknown-target", "targets"),
    ({"change": "on", "rules": [{"id": "few", "type": "count"}]}, "duplicate-id", "rules/few"),
    ({"change": "soft", "targets": ["A"], "price": 1}, "change-outside", "targets"),
    ({"change": "price", "targets": ["capex"], "price": 1}, "change-conflict", "targets"),
    (
        {"change": "freeze", "until": 2, "baseline": [
            {"project": "D", "phases": [{"phase": "do", "start": 0}]}]},
        "change-conflict", "",
    ),
    (
        {"change": "freeze", "until": 2, "baseline": [
            {"project": "C", "phases": [{"phase": "make", "start": 0}]}]},
        "unknown-target", "baseline",
    ),
]  # fmt: skip


def name_of(value: object) -> str | None:
    """Return a change's kind for the name of a test."""
    return str(value["change"]) if isinstance(value, dict) else None


@pytest.mark.parametrize(("change", "rule", "field"), WRONG, ids=name_of)
def test_a_wrong_change_is_a_finding_with_its_place(
    base: Portfolio, change: dict[str, Any], rule: str, field: str
) -> None:
    """The finding names the rule, the change and its field, and says what to do."""
    with pytest.raises(InvalidInput) as caught:
        changed(base, change)
    (finding,) = caught.value.findings
    path = "/".join(["scenarios", "s", "changes", "0", *([field] if field else [])])
    assert (finding.severity, finding.rule, finding.path) == (Severity.ERROR, rule, path)
    assert finding.fix


IDLE: list[dict[str, Any]] = [
    {"change": "budget", "fund": "capex", "by": 0},
    {"change": "limit", "target": "cloud", "to": 80},
    {"change": "limit", "target": "few", "field": "max", "to": 3},
    {"change": "capacity", "skill": "dev", "fte": 0},
    {"change": "add-people"},
    {"change": "remove-people", "people": []},
    {"change": "add-projects", "projects": []},
    {"change": "remove-projects", "projects": []},
    {"change": "decide", "projects": ["D"], "decision": "never"},
    {"change": "scores", "project": "A"},
    {"change": "weights", "weights": {"growth": 0.5}},
    {"change": "success", "projects": ["A"], "percent": 0},
    {"change": "dates", "projects": ["A"], "clear": ["due"]},
    {"change": "dates", "projects": ["A"]},
    {"change": "freeze", "until": 0},
    {"change": "work", "targets": ["C"], "cost": 20},
    {"change": "work", "targets": ["C"]},
    {"change": "off", "targets": []},
    {"change": "on"},
    {"change": "soft", "targets": ["cash"], "price": 0.5},
    {"change": "hard", "targets": ["capex"]},
]


@pytest.mark.parametrize("change", IDLE, ids=name_of)
def test_a_change_without_effect_is_a_warning(base: Portfolio, change: dict[str, Any]) -> None:
    """It is said once, and the portfolio that it makes is the base."""
    scenario = Scenario.parse({"id": "s", "changes": [change]})
    assert [(f.severity, f.rule) for f in scenario.check(base)] == [
        (Severity.WARNING, "change-without-effect")
    ]
    assert scenario.apply(base).digest() == base.digest()


def test_all_findings_come_at_once_with_names_that_are_near(base: Portfolio) -> None:
    """Three wrong changes and one without effect give four findings, the near name in them."""
    scenario = Scenario.parse({"id": "s", "changes": [
        {"change": "budget", "fund": "capx", "by": 1},
        {"change": "decide", "projects": ["A", "Z"], "decision": "free"},
        {"change": "off", "targets": ["a-befor-b"]},
    ]})  # fmt: skip
    findings = scenario.check(base)
    assert [f.path.rpartition("changes/")[2] for f in findings] == [
        "0/fund", "1/projects", "2/targets", "1/decision",
    ]  # fmt: skip
    assert "Did you mean capex?" in findings[0].fix
    assert "Did you mean a-before-b?" in findings[2].fix


def test_an_id_of_two_objects_asks_which(base: Portfolio) -> None:
    """Where a fund and a skill share an id, the finding gives both paths, and a path works."""
    data = base.to_data()
    data["funds"][0]["id"] = "dev"
    both = Portfolio.parse(data)
    change = {"change": "soft", "targets": ["dev"], "price": 1}
    with pytest.raises(InvalidInput, match="funds/dev or skills/dev") as caught:
        changed(both, change)
    assert [f.rule for f in caught.value.findings] == ["ambiguous-target"]
    assert changed(both, change | {"targets": ["skills/dev"]}).skills[0].overload_price == 1


def test_what_the_result_breaks_is_said_of_the_scenario(base: Portfolio) -> None:
    """A must that cannot end in time is an error with the scenario's name in its path."""
    with pytest.raises(InvalidInput) as caught:
        changed(base, {"change": "dates", "projects": ["B"], "latest_finish": 3})
    assert all(f.path.startswith("scenarios/s/result/projects/B") for f in caught.value.findings)


def test_changes_build_on_each_other(base: Portfolio) -> None:
    """A project that one change adds can be named by the next."""
    result = changed(
        base,
        {"change": "add-projects", "projects": [EXTRA]},
        {"change": "on", "links": [{"from": "A", "to": "E"}]},
        {"change": "decide", "projects": ["E"], "decision": "must"},
    )
    assert result.project_by_id["E"].decision is Decision.MUST
    assert [link.id for link in result.links] == ["a-before-b", "FS:A>E"]
