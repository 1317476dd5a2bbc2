"""What children do in tests beside solving: they hang, crash, or eat memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

from pmo_optimizer import Plan, Portfolio, Status, Termination, optimize
from pmo_optimizer.service.runs import child
from pmo_optimizer.service.runs.kinds import Hooks, portfolio_of
from pmo_optimizer.service.runs.messages import Answer, Task

MIB = 1024 * 1024
BLOCK = 16 * MIB


def hang(connection: Connection, log: str) -> None:
    """Ignore every stop and SIGTERM, with a process of its own that does so too."""
    child.serve(connection, log, _hang)


def _hang(task: Task, hooks: Hooks) -> Answer:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    code = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(600)"
    )
    helper = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert helper.stdout is not None
    helper.stdout.readline()
    hooks.on_solved(str(helper.pid), 1, 2)
    time.sleep(600)
    raise AssertionError("nobody killed it")


def find_and_hang(connection: Connection, log: str) -> None:
    """Find plans, and then ignore every stop and SIGTERM instead of answering."""
    child.serve(connection, log, _find_and_hang)


def _find_and_hang(task: Task, hooks: Hooks) -> Answer:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    answer = child.perform(task, hooks)
    # A search this short may be over before a plan on the way was looked at.
    hooks.on_plan(portfolio_of(task.portfolio), Plan.parse(json.loads(answer.plans[0])))
    time.sleep(600)
    raise AssertionError("nobody killed it")


def eat(connection: Connection, log: str) -> None:
    """Take memory without end, in this process."""
    child.serve(connection, log, _eat)


def _eat(task: Task, hooks: Hooks) -> Answer:
    blocks = []
    while True:
        blocks.append(bytearray(os.urandom(1)) * BLOCK)


def eat_together(connection: Connection, log: str) -> None:
    """Take more memory than allowed in two processes, each of which takes less."""
    child.serve(connection, log, _eat_together)


def _eat_together(task: Task, hooks: Hooks) -> Answer:
    size = task.limits.memory_mb * 7 // 10 * MIB
    code = f"import time; block = bytearray(b'x') * {size}; time.sleep(600)"
    subprocess.Popen([sys.executable, "-c", code])
    block = bytearray(b"x") * size
    time.sleep(600)
    raise AssertionError(f"nobody killed it with {len(block)} bytes")


def crash_once(flag: Path, connection: Connection, log: str) -> None:
    """Die by SIGKILL where no file says that this happened before, after the first plan."""
    child.serve(connection, log, partial(_crash_once, flag))


def _crash_once(flag: Path, task: Task, hooks: Hooks) -> Answer:
    if flag.exists():
        return child.perform(task, hooks)
    answer = child.perform(task, hooks)
    flag.write_text("crashed")
    hooks.on_solved("before the crash", 1, 2)
    Thread(target=_die).start()
    time.sleep(600)
    return answer


def _die() -> None:
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


def crash(connection: Connection, log: str) -> None:
    """Die by SIGKILL as soon as the task is there."""
    child.serve(connection, log, _crash)


def _crash(task: Task, hooks: Hooks) -> Answer:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("it lives")


def raise_bug(connection: Connection, log: str) -> None:
    """Fail as a programming error does."""
    child.serve(connection, log, _raise_bug)


def _raise_bug(task: Task, hooks: Hooks) -> Answer:
    raise LookupError("the secret of ann")


def best_first_term(connection: Connection, log: str) -> None:
    """Report on the way the plan that is best in the first term alone, then work as usual."""
    child.serve(connection, log, _best_first_term)


def _best_first_term(task: Task, hooks: Hooks) -> Answer:
    portfolio = portfolio_of(task.portfolio)
    terms = [{"term": term.term.value} for term in portfolio.objective.terms[:1]]
    alone = Portfolio.parse(portfolio.to_data() | {"objective": {"terms": terms}})
    plan = optimize(alone, workers=1)
    on_the_way = plan.model_copy(
        update={"status": Status.FEASIBLE, "termination": Termination.STOPPED}
    )
    hooks.on_plan(portfolio, on_the_way)
    return child.perform(task, hooks)


def fault(connection: Connection, log: str) -> None:
    """Die as a library with a fault does."""
    child.serve(connection, log, _fault)


def _fault(task: Task, hooks: Hooks) -> Answer:
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError("it lives")
