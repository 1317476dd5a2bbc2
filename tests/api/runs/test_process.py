"""One child process: plans and progress come out, stops work, and nothing survives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from pmo_optimizer import Plan, Status, Termination, referee
from pmo_optimizer.service.runs.limits import Limits
from pmo_optimizer.service.runs.memory import members
from pmo_optimizer.service.runs.messages import Answer, Message
from pmo_optimizer.service.runs.process import Child, Outcome
from pmo_optimizer.service.runs.words import frames
from pmo_scenarios import Scenario
from tests.api.runs import entries
from tests.api.runs.helpers import alive, follow, hard, task_of, tiny, wait_for

SMALL = Limits(time_limit=300.0, workers=1, memory_mb=400)


@pytest.fixture(autouse=True, scope="module")
def copied_runs() -> None:
    """Begin processes afresh, as a service does."""


def answer_of(outcome: Outcome) -> Answer:
    """Return the answer that there must be."""
    assert outcome.answer is not None, outcome
    return outcome.answer


def test_a_plan_arrives_and_the_referee_agrees() -> None:
    """A child returns the best plan, and what it says of it holds."""
    outcome, said = follow(task_of(tiny()))
    answer = answer_of(outcome)
    plan = Plan.parse(json.loads(answer.plans[0]))
    assert (answer.status, answer.objective) == ("optimal", 39)
    assert referee.check(tiny(), plan).violations == ()
    assert said[0] == ("begun",)


def test_a_scenario_is_applied_first() -> None:
    """The plan is one of the portfolio with the scenario's changes."""
    cut = {"id": "cut", "changes": [{"change": "budget", "fund": "budget", "percent": -50}]}
    outcome, _ = follow(task_of(tiny(), scenario=cut))
    changed = Scenario.parse(cut).apply(tiny())
    plan = Plan.parse(json.loads(answer_of(outcome).plans[0]))
    assert plan.digest == changed.digest()
    assert len(plan.selected) == 1


def test_what_is_wrong_with_the_input_comes_back() -> None:
    """Findings about the input end the run as invalid, with their places."""
    outcome, _ = follow(task_of(tiny(), parameters={"time_limit": 1000.0, "gap": 2}))
    assert outcome.failure is not None
    assert outcome.failure.code == "invalid"
    assert "parameters/gap" in outcome.failure.detail


def test_progress_and_plans_arrive_and_a_stop_gives_the_best_plan() -> None:
    """A long solve tells how far it is, and a stop returns a plan that is no worse."""
    outcome, said = follow(
        task_of(hard(), parameters={"workers": 2, "time_limit": 200.0}), stop_at="plan"
    )
    answer = answer_of(outcome)
    assert answer.termination == Termination.STOPPED
    assert answer.status == Status.FEASIBLE
    plan = Plan.parse(json.loads(answer.plans[0]))
    assert referee.check(hard(), plan).violations == ()
    lines = [message[1] for message in said if message[0] == "progress"]
    assert lines
    assert {"seconds", "value", "bound", "gap"} <= set(lines[-1])
    before = [message[2]["objective"] for message in said if message[0] == "plan"]
    assert answer.objective is not None
    assert answer.objective >= max(before) - 1e-9


def test_a_stop_before_the_work_begins_is_heeded() -> None:
    """A stop that comes while the process begins ends the solve all the same."""
    task = task_of(hard(), parameters={"workers": 2, "time_limit": 200.0})
    with Child(task, stop_grace=60.0) as process:
        process.stop()
        while not process.over:
            process.messages(0.1)
        answer = answer_of(process.outcome())
    assert answer.termination == Termination.STOPPED


def test_who_ignores_the_stop_is_killed_with_all_it_started() -> None:
    """A child that heeds neither stop nor SIGTERM is killed, and so are its own children."""
    outcome, said = follow(
        task_of(tiny()), entry=entries.hang, stop_at="solves", stop_grace=0.2, kill_grace=0.2
    )
    assert outcome.killed == "stopped"
    helper = int(next(message[1] for message in said if message[0] == "solves"))
    wait_for(lambda: not alive(helper), "the end of what the child started")


def test_closing_kills() -> None:
    """Leaving the context ends a child that works, with its group."""
    with Child(task_of(tiny()), entry=entries.hang) as process:
        said: list[Message] = []
        while not any(message[0] == "solves" for message in said):
            said += process.messages(0.1)
        pid = process.pid
    assert not alive(pid)
    wait_for(lambda: not members(pid), "the end of the group")


@pytest.mark.parametrize("entry", [entries.eat, entries.eat_together])
def test_memory_has_a_limit(entry: object) -> None:
    """Who takes more memory than allowed, alone or together, ends so, and its parent lives."""
    outcome, _ = follow(task_of(tiny(), limits=SMALL), entry=entry)  # type: ignore[arg-type]
    assert outcome.failure is not None
    assert outcome.failure.code == "memory_limit"


def test_a_solve_with_too_little_memory_says_so() -> None:
    """A real solve that needs more memory than it has ends as memory_limit."""
    limits = Limits(time_limit=300.0, workers=2, memory_mb=100)
    outcome, _ = follow(
        task_of(hard(), parameters={"time_limit": 200.0, "workers": 2}, limits=limits)
    )
    assert outcome.failure is not None
    assert outcome.failure.code == "memory_limit"


def test_a_signal_is_a_crash() -> None:
    """A child that somebody kills has crashed; that is no matter of memory."""
    outcome, _ = follow(task_of(tiny()), entry=entries.crash)
    assert outcome.failure is not None
    assert (outcome.failure.code, "SIGKILL" in outcome.failure.detail) == ("crash", True)


def test_a_bug_is_a_crash() -> None:
    """An error that nobody expected ends the child alone, and its kind and place are known."""
    outcome, _ = follow(task_of(tiny()), entry=entries.raise_bug)
    failure = outcome.failure
    assert failure is not None
    assert (failure.code, failure.kind, failure.again) == ("crash", "LookupError", False)
    assert "LookupError" in failure.detail
    assert "secret of ann" not in failure.detail
    assert "secret of ann" in failure.words
    assert any(frame.endswith(" _raise_bug") for frame in frames(failure.words))


def test_a_fault_of_a_library_leaves_its_place() -> None:
    """A child that a signal of the system ends may be tried again, and says where it was."""
    outcome, _ = follow(task_of(tiny()), entry=entries.fault)
    failure = outcome.failure
    assert failure is not None
    assert (failure.code, failure.kind, failure.again) == ("crash", None, True)
    assert "SIGSEGV" in failure.detail
    assert any(frame.endswith(" _fault") for frame in frames(failure.words))


PARENT = """
    import sys
    from pmo_optimizer.service.runs.process import Child
    from tests.api.runs import entries
    from tests.api.runs.helpers import hard, task_of, tiny

    if __name__ == "__main__":
        kind = sys.argv[1]
        if kind == "hang":
            child = Child(task_of(tiny()), entry=entries.hang)
        else:
            scenarios = [{"id": "same", "changes": []}]
            parameters = {"workers": 2, "time_limit": 200.0, "scenarios": scenarios}
            child = Child(task_of(hard(), "compare", parameters))
        while True:
            for message in child.messages(0.1):
                print(child.pid, *message, flush=True)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
@pytest.mark.parametrize("kind", ["hang", "study"])
def test_a_killed_parent_leaves_nothing_behind(kind: str, tmp_path: Path) -> None:
    """When the service is killed, its children end, and the processes of these too."""
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(PARENT))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, str(script), kind], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        wanted = "solves" if kind == "hang" else "begun"
        line = ""
        while wanted not in line:
            line = parent.stdout.readline()
            assert line, "the parent ended"
        group = int(line.split()[0])
        # The study's own process for solves comes a little later.
        wait_for(lambda: len(members(group)) > 1, "a process of the child's own")
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_for(lambda: not members(group), "the end of the group")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
def test_a_killed_child_leaves_nothing_behind() -> None:
    """When a child is killed by somebody, what it started is killed by its parent."""
    scenarios = [{"id": "same", "changes": []}]
    parameters = {"workers": 2, "time_limit": 200.0, "scenarios": scenarios}
    with Child(task_of(hard(), "compare", parameters)) as process:
        while not len(members(process.pid)) > 1:
            process.messages(0.1)
            time.sleep(0.1)
        os.kill(process.pid, signal.SIGKILL)
        while not process.over:
            process.messages(0.1)
        outcome = process.outcome()
        pid = process.pid
    assert outcome.failure is not None
    assert outcome.failure.code == "crash"
    wait_for(lambda: not members(pid), "the end of the group")


def test_a_child_loads_no_server_and_no_database() -> None:
    """What only the service needs costs no child time or memory."""
    code = (
        "import sys, pmo_optimizer.service.runs.child; "
        "print({'fastapi', 'sqlalchemy', 'uvicorn', 'psycopg', 'httpx'} & set(sys.modules))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
