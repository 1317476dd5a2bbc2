"""MS Project XML out and in again: the same phases, durations, links, people and work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pmo_optimizer import optimize
from pmo_optimizer.checks import check
from pmo_optimizer.formats.mspdi import export_schedule, read_schedule, schedule_xml
from pmo_optimizer.formats.mspdi.fields import NAMESPACE
from pmo_optimizer.model import Grain, InvalidInput, Link, Plan, Portfolio, Severity
from pmo_scenarios import generate
from tests.unit.formats.plan_cases import PORTFOLIO, plan, portfolio, without_decisions

SPACE = {"p": NAMESPACE}


def round_trip(base: Portfolio, answer: Plan, folder: Path) -> Portfolio:
    """Return the portfolio that the schedule of a plan is read as, without any error."""
    export_schedule(base, answer, folder / "plan.xml")
    found = read_schedule(folder / "plan.xml")
    assert found.portfolio is not None, found.findings
    return found.portfolio


def shape(link: Link) -> tuple[Any, ...]:
    """Return what a link says, without its id."""
    return link.source, link.target, link.type, link.min_lag, link.max_lag, link.if_unselected


def delivered(base: Portfolio, answer: Plan) -> dict[tuple[str, str, str, int], Decimal]:
    """Return what a plan delivers per project, phase, skill and period of the phase."""
    levels = {name: p.skills for p in base.people for name in p.individuals}
    levels |= {group.id: dict(group.skills) for group in base.classes}
    starts = {(p.project, f.phase): f for p in answer.projects for f in p.phases}
    total: Counter[tuple[str, str, str, int]] = Counter()
    for item in answer.allocations:
        phase = starts[item.project, item.phase]
        mode = base.project_by_id[item.project].phase(item.phase).mode(phase.mode)
        skill = next(need.skill for need in mode.needs if need.id == item.need)
        level = levels.get(item.supplier, {}).get(skill, Decimal(1))
        for t, share in enumerate(item.shares, item.start - phase.start):
            total[item.project, item.phase, skill, t] += share * level  # type: ignore[assignment]
    return {key: Decimal(value) for key, value in total.items() if value}


def needed(back: Portfolio) -> dict[tuple[str, str, str, int], Decimal]:
    """Return what the phases of a portfolio need, in the same form."""
    out = {}
    for project in back.projects:
        for phase in project.phases:
            for need in phase.modes[0].needs:
                for t in range(phase.modes[0].duration):
                    if need.rate(t):
                        out[project.id, phase.id, need.skill, t] = need.rate(t)
    return out


def assert_same(base: Portfolio, answer: Plan, back: Portfolio) -> None:
    """Fail unless the portfolio that was read says what the plan says."""
    planned = {p.project: p for p in answer.projects if p.selected and p.start is not None}
    assert set(back.project_by_id) == set(planned)
    for name, entry in planned.items():
        project = back.project_by_id[name]
        durations = {phase.phase: phase.end - phase.start for phase in entry.phases}
        assert {p.id: p.modes[0].duration for p in project.phases} == durations, name
        modes = {phase.phase: phase.mode for phase in entry.phases}
        assert {p.id: p.modes[0].id for p in project.phases} == modes
        if entry.phases:
            old = base.project_by_id[name].inner_links()
            assert Counter(map(shape, project.inner_links())) == Counter(map(shape, old)), name
    starts = {
        (row.project, phase.phase): phase.start for row in back.baseline for phase in row.phases
    }
    expected = {(p.project, f.phase): f.start for p in planned.values() for f in p.phases}
    assert starts == expected
    work, wanted = needed(back), delivered(base, answer)
    assert work.keys() == wanted.keys()
    assert all(abs(work[key] - wanted[key]) <= Decimal("0.0051") for key in work)


def test_a_plan_by_name_comes_back(tmp_path: Path) -> None:
    """Phases, links with lags, milestones, people, pools, days off and work are the same."""
    base = portfolio()
    back = round_trip(base, plan(), tmp_path)
    assert_same(base, plan(), back)
    assert {shape(x) for x in back.links} == {("P1", "P2/a", "FS", 1, None, "block")}
    assert {p.id: dict(p.skills) for p in back.people} == {
        p.id: dict(p.skills) for p in base.people
    }
    assert {p.id: (p.fte, p.cost_rate) for p in back.people} == {
        "ann": (1, 8000),
        "bob": (Decimal("0.8"), None),
    }
    absence = back.people[0].absences[0]
    assert (absence.first, absence.last) == (base.people[0].absences[0].first, absence.last)
    assert [(p.id, p.skill, p.fte) for p in back.pools] == [("lawyers", "law", Decimal(1))]
    assert back.calendar == base.calendar
    build = back.project_by_id["P1"].phase("build").modes[0]
    assert build.needs[0].prefer == ("ann", "bob")
    assert build.needs[0].profile == (Decimal(1), Decimal(1), Decimal("0.5"))
    assert (
        sum(line.lump or 0 for line in build.costs)
        + sum(sum(line.profile or ()) for line in build.costs)
        == 60
    )


@pytest.mark.parametrize("seed", [3, 4, 5])
@pytest.mark.parametrize("grain", [Grain.MONTH, Grain.WEEK, Grain.QUARTER])
def test_generated_plans_come_back(seed: int, grain: Grain, tmp_path: Path) -> None:
    """Whatever the length of a period: same phases, durations, links, starts and work."""
    base = generate(projects=12, periods=24, skills=3, seed=seed)
    calendar = base.calendar.model_copy(update={"grain": grain})
    base = Portfolio.parse(base.to_data() | {"calendar": calendar.model_dump(mode="json")})
    answer = optimize(base, backend="ranking", time_limit=2, workers=1)
    assert answer.selected
    back = round_trip(base, answer, tmp_path)
    assert_same(base, answer, back)
    classes = {group.id for group in base.classes}
    read = {person.id for person in back.people} | {pool.id for pool in back.pools}
    assert classes | {pool.id for pool in base.pools} <= read


def test_what_is_read_is_valid(tmp_path: Path) -> None:
    """The portfolio has no errors, and can be solved."""
    back = round_trip(portfolio(), plan(), tmp_path)
    assert not [f for f in check(back) if f.severity is Severity.ERROR]


def test_the_file_is_a_plain_schedule() -> None:
    """Summary tasks, phases, milestones, links and dates are there for any program."""
    text, findings = schedule_xml(portfolio(), plan())
    root = ElementTree.fromstring(text)
    tasks = root.findall("p:Tasks/p:Task", SPACE)
    rows = {t.findtext("p:OutlineNumber", "", SPACE): t for t in tasks}
    levels = [t.findtext("p:OutlineLevel", "", SPACE) for t in tasks]
    assert levels == ["0", "1", "2", "2", "2", "1", "1", "2", "2", "2"]
    assert rows["1"].findtext("p:Summary", "", SPACE) == "1"
    assert rows["1"].findtext("p:Name", "", SPACE) == "=cmd|' /C calc'!A0"
    design = rows["1.1"]
    assert design.findtext("p:Start", "", SPACE) == "2027-01-04T08:00:00"
    assert design.findtext("p:Finish", "", SPACE) == "2027-02-26T17:00:00"
    assert design.findtext("p:Duration", "", SPACE) == "PT320H0M0S"
    assert rows["1.3"].findtext("p:Milestone", "", SPACE) == "1"
    assert rows["1.3"].findtext("p:Duration", "", SPACE) == "PT0H0M0S"
    links = rows["3.1"].findall("p:PredecessorLink", SPACE)
    assert len(links) == 1
    assert links[0].findtext("p:PredecessorUID", "", SPACE) == rows["1"].findtext(
        "p:UID", "", SPACE
    )
    assert links[0].findtext("p:Type", "", SPACE) == "1"
    # June 2027 has 22 working days of 480 minutes, in tenths of a minute.
    assert links[0].findtext("p:LinkLag", "", SPACE) == str(22 * 480 * 10)
    assert {f.rule for f in findings} == {"schedule-left-out"}


def test_what_the_format_cannot_hold_is_told(tmp_path: Path) -> None:
    """Links to the end of summary tasks, largest lags alone and part-time absences are listed."""
    data = {**PORTFOLIO}
    data["links"] = [
        {"from": "P1", "to": "P2", "type": "FF"},
        {"from": "P1", "to": "P2", "min_lag": None, "max_lag": 9},
    ]
    data["people"] = [
        {
            **PORTFOLIO["people"][0],
            "absences": [{"first": "2027-02-08", "last": "2027-02-12", "share": 0.5}],
        },
        PORTFOLIO["people"][1],
    ]
    findings = export_schedule(Portfolio.parse(data), plan(), tmp_path / "plan.xml")
    assert Counter(f.rule for f in findings) == {
        "schedule-link": 2,
        "schedule-absence": 1,
        "schedule-left-out": 2,
    }
    assert all(f.severity is Severity.WARNING and f.fix for f in findings)


def test_plans_that_cannot_be_a_schedule_are_refused(tmp_path: Path) -> None:
    """No decisions, and phases of another portfolio: an error, and no file."""
    with pytest.raises(InvalidInput, match="no decisions"):
        export_schedule(portfolio(), without_decisions(), tmp_path / "plan.xml")
    other = Portfolio.parse({"calendar": PORTFOLIO["calendar"]})
    with pytest.raises(InvalidInput, match="no such phase") as caught:
        export_schedule(other, plan(), tmp_path / "plan.xml")
    (finding,) = caught.value.findings
    assert "5 more" in finding.message
    assert list(tmp_path.iterdir()) == []


def test_names_with_odd_characters_are_written(tmp_path: Path) -> None:
    """Markup, quotes and what XML cannot say are no problem."""
    data = {
        **PORTFOLIO,
        "name": "<a & b> \x0b 'c' \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    }
    back = round_trip(Portfolio.parse(data), plan(), tmp_path)
    assert back.name == "<a & b> \ufffd 'c' 😀"


def test_a_task_that_was_moved_is_read_by_its_dates(tmp_path: Path) -> None:
    """Our periods count only while nobody has changed the dates in MS Project."""
    text, _ = schedule_xml(portfolio(), plan())
    changed = text.replace("2027-02-26T17:00:00", "2027-03-31T17:00:00")
    assert changed != text
    (tmp_path / "plan.xml").write_text(changed, encoding="utf-8")
    found = read_schedule(tmp_path / "plan.xml")
    assert found.portfolio is not None
    phases = found.portfolio.project_by_id["P1"].phases
    assert [phase.modes[0].duration for phase in phases] == [3, 3, 0]


ROW = re.compile(r"\s*<TimephasedData>.*?</TimephasedData>", re.DOTALL)


def total_work(back: Portfolio, project: str, phase: str) -> Decimal:
    """Return the FTE-periods that a phase needs."""
    return sum((x for key, x in needed(back).items() if key[:2] == (project, phase)), Decimal(0))


def test_work_survives_other_programs(tmp_path: Path) -> None:
    """Where another program joins or drops the work of single periods, its hours are kept.

    Spread evenly they are a little more or less FTE where months have other working days.
    """
    text, _ = schedule_xml(portfolio(), plan())
    rows = ROW.findall(text)
    assert len(rows) == 3
    finish = re.search(r"<Finish>.*?</Finish>", rows[1])
    values = [re.search(r"<Value>PT(\d+)H", row) for row in rows]
    assert finish is not None
    hours = [int(value.group(1)) for value in values if value is not None]
    joined = re.sub(r"<Finish>.*?</Finish>", finish.group(), rows[0])
    joined = joined.replace(f"PT{hours[0]}H", f"PT{hours[0] + hours[1]}H")
    merged = text.replace(rows[0], joined).replace(rows[1], "")
    for changed, profile in ((merged, ["1", "1", "0.5"]), (ROW.sub("", text), None)):
        (tmp_path / "plan.xml").write_text(changed, encoding="utf-8")
        back = read_schedule(tmp_path / "plan.xml").portfolio
        assert back is not None
        need = back.project_by_id["P1"].phase("build").modes[0].needs[0]
        assert profile is None or need.profile == tuple(map(Decimal, profile))
        assert abs(total_work(back, "P1", "build") - Decimal("2.5")) < Decimal("0.1")


READER = """
import org.mpxj.*;
import org.mpxj.reader.UniversalProjectReader;
public class Read {
  public static void main(String[] a) throws Exception {
    ProjectFile f = new UniversalProjectReader().read(a[0]);
    for (Task t : f.getTasks()) {
      System.out.println("T|" + t.getUniqueID() + "|" + t.getOutlineLevel() + "|" + t.getStart()
        + "|" + t.getFinish() + "|" + t.getDuration() + "|" + t.getMilestone());
      for (Relation r : t.getPredecessors())
        System.out.println("L|" + r.getPredecessorTask().getUniqueID() + "|" + t.getUniqueID()
          + "|" + r.getType() + "|" + r.getLag());
    }
    for (Resource r : f.getResources())
      if (r.getName() != null) System.out.println("R|" + r.getName() + "|" + r.getMaxUnits());
    for (ResourceAssignment x : f.getResourceAssignments())
      System.out.println("A|" + x.getTask().getUniqueID() + "|" + x.getResource().getName()
        + "|" + x.getWork());
  }
}
"""


@pytest.mark.drill
def test_mpxj_reads_the_same(tmp_path: Path) -> None:
    """MPXJ, which reads what MS Project reads, finds our tasks, links, resources and work.

    ``PMO_MPXJ`` names the folder with its jars: ``mpxj/lib`` of the unpacked package `mpxj`.
    """
    jars, java = os.environ.get("PMO_MPXJ"), shutil.which("java")
    if not jars or java is None:
        pytest.skip("java or the jars of MPXJ (PMO_MPXJ) are missing: our XML is not read by it")
    export_schedule(portfolio(), plan(), tmp_path / "plan.xml")
    (tmp_path / "Read.java").write_text(READER)
    done = subprocess.run(
        [java, "-cp", f"{jars}/*", str(tmp_path / "Read.java"), str(tmp_path / "plan.xml")],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    lines = [line.split("|") for line in done.stdout.splitlines() if re.match(r"[TLRA]\|", line)]
    tasks = [line[1:] for line in lines if line[0] == "T"]
    assert [t[1] for t in tasks] == ["0", "1", "2", "2", "2", "1", "1", "2", "2", "2"]
    assert tasks[2][2:] == ["2027-01-04T08:00", "2027-02-26T17:00", "40.0d", "false"]
    assert tasks[4][5] == "true"
    links = {tuple(line[1:]) for line in lines if line[0] == "L"}
    assert ("2", "3", "FS", "0.0d") in links
    assert ("1", "7", "FS", "22.0d") in links
    assert {kind for _, _, kind, _ in links} == {"FS", "SS", "FF"}
    resources = {line[1]: line[2] for line in lines if line[0] == "R"}
    assert resources == {"Ann": "100.0", "bob": "80.0", "lawyers": "100.0"}
    work = {(line[1], line[2]): line[3] for line in lines if line[0] == "A"}
    assert work["2", "lawyers"] == "160.0h"
    assert len(work) == 4
