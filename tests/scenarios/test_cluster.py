"""Studies on a Dask cluster of two worker processes: the same answers, also where one dies."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pmo_scenarios import ClusterError, cluster

ON_A_CLUSTER = """
import os, signal, sys
from distributed import Client, LocalCluster
from pmo_scenarios import Uncertainty, cluster, compare, generate, simulate, Scenario
from pmo_scenarios.runs import Job, Options, run_jobs

def portfolio(seed=0):
    return generate(projects=6, periods=8, skills=2, seed=seed)

def options(seconds):
    return Options(time_limit=seconds, workers=1, backend="milp")

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local:
        with Client(local) as client, cluster(client) as executor:
            {body}
"""


def run(tmp_path: Path, body: str) -> str:
    """Return what a script prints that has a cluster, a client and an executor on it."""
    script = tmp_path / "on_a_cluster.py"
    lines = textwrap.indent(textwrap.dedent(body).strip(), " " * 12).strip()
    script.write_text(ON_A_CLUSTER.replace("{body}", lines))
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_studies_on_a_cluster_answer_as_here(tmp_path: Path) -> None:
    """A comparison by client and by address, and a simulation, are those of this process."""
    assert run(
        tmp_path,
        """
            base = portfolio()
            never = Scenario.parse({"id": "never", "changes": [
                {"change": "decide", "projects": [base.projects[-1].id], "decision": "never"}]})
            how = dict(time_limit=20, backend="milp", workers=1)
            here = compare(base, [never], **how)
            there = compare(base, [never], executor=executor, **how)
            with cluster(local.scheduler_address) as other:
                again = compare(base, [never], executor=other, **how)
            shown = [[(c.id, c.status, c.objective) for c in x.cases] for x in (here, there, again)]
            print(shown[0] == shown[1] == shown[2], len(shown[0]))
            plan = there.cases[0].plan
            wild = Uncertainty.parse({"uncertain": [
                {"what": "duration", "target": p.id, "low": 0, "high": 60}
                for p in base.projects]})
            a = simulate(base, plan, wild, cases=60, seed=3, workers=1)
            b = simulate(base, plan, wild, cases=60, seed=3, executor=executor)
            drop = {"seconds"}
            print(a.model_dump(exclude=drop) == b.model_dump(exclude=drop))
            """,
    ).split() == ["True", "2", "True"]


@pytest.mark.drill
def test_a_stop_on_a_cluster_gives_what_is_there(tmp_path: Path) -> None:
    """The solve that runs answers with its best plan; what has not begun is left out."""
    assert run(
        tmp_path,
        """
            import threading
            large = generate(projects=60, periods=24, skills=8, seed=1)
            stop = threading.Event()
            threading.Timer(15.0, stop.set).start()
            # Dask solves what is asked for twice once: seeds make the solves different.
            how = [Options(time_limit=300, workers=1, seed=k) for k in range(4)]
            jobs = [Job(str(k), large, how[k]) for k in range(4)]
            plans = run_jobs(jobs, executor=executor, stop=stop).values()
            print(len(plans) == 2, all(plan.found for plan in plans))
            print({plan.termination.value for plan in plans} == {"stopped"})
            """,
    ).split() == ["True", "True", "True"]


@pytest.mark.drill
def test_a_worker_that_dies_loses_nothing_and_nothing_counts_twice(tmp_path: Path) -> None:
    """Every solve is answered once, although a worker is killed after the first answer."""
    assert run(
        tmp_path,
        """
            jobs = [Job(str(k), portfolio(k), options(20)) for k in range(8)]
            steps = []
            def on_progress(step):
                if not steps:
                    worker = next(iter(local.workers.values()))
                    os.kill(worker.process.pid, signal.SIGKILL)
                steps.append(step.key)
            plans = run_jobs(jobs, executor=executor, on_progress=on_progress)
            print(sorted(steps) == sorted(plans) == [str(k) for k in range(8)])
            print(all(plan.found for plan in plans.values()))
            """,
    ).split() == ["True", "True"]


def test_without_an_address_there_is_no_cluster() -> None:
    """None means this machine."""
    with cluster(None) as executor:
        assert executor is None


def test_a_scheduler_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the address and what to do."""
    monkeypatch.setattr("pmo_scenarios.dask_cluster.CONNECT_SECONDS", 0.5)
    with pytest.raises(ClusterError, match=r"127\.0\.0\.1:9"), cluster("tcp://127.0.0.1:9"):
        pass


def test_an_address_that_is_none_is_an_error() -> None:
    """What is no address is answered in the same way."""
    with pytest.raises(ClusterError, match="nowhere"), cluster("foo://nowhere"):
        pass
