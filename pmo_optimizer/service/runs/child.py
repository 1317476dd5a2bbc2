"""What runs in the child process: one task, then the end.

The child leads a process group, so that what it starts can be killed with it. It ends with its
group as soon as its parent is gone, which it learns from the pipe.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType, TracebackType

from pmo_optimizer import EngineError, Incumbent, InvalidInput, Plan, Termination, Unsupported
from pmo_optimizer.backend import backend_names, load_backend, relative_gap
from pmo_optimizer.service.runs.kinds import (
    Hooks,
    facts_of,
    finding_data,
    parse_parameters,
    portfolio_of,
    run_kind,
)
from pmo_optimizer.service.runs.messages import Answer, Message, Task, document, receive, send

try:
    import resource
except ImportError:  # not on Windows, where the parent's watch on the memory stands alone
    resource = None  # type: ignore[assignment]

NICENESS = 5
"""How much lower the priority of a child is than that of the service."""

MIB = 1024 * 1024

ADDRESS_ROOM_MB = 512
"""Address space beside the memory limit: stacks of threads and libraries count in it, and most
of that is never touched."""

PROGRESS_SECONDS = 0.1
"""Least seconds between two lines of progress."""

SLACK_SECONDS, SLACK_SHARE = 1.0, 0.02
"""How much later than the limit of the service a run is asked to end: most end by themselves."""

TERMINATED = 128 + signal.SIGTERM

ENGINES_NEED = (
    "highspy",
    "ortools.graph.python.min_cost_flow",
    "ortools.linear_solver.python.model_builder",
    "ortools.sat.python.cp_model",
)
"""What our engines import late; what is not installed is left out."""

Work = Callable[[Task, Hooks], Answer]


def main(connection: Connection, log: str) -> None:
    """Do the task that comes over the pipe, and say over it what comes out.

    Parameters
    ----------
    connection
        The child's end of the pipe.
    log
        Path of a file that takes standard output and standard error.
    """
    serve(connection, log, perform)


def waiting(connection: Connection, log: str) -> None:
    """As `main`, for a process that is begun before there is a task: what runs need is loaded."""
    serve(connection, log, perform, prepare=load)


def load() -> None:
    """Import what engines import only where they use it, which takes long."""
    for name in backend_names():
        with suppress(Unsupported, EngineError):
            load_backend(name)
    for name in ENGINES_NEED:
        with suppress(ImportError):
            import_module(name)


def serve(
    connection: Connection, log: str, work: Work, *, prepare: Callable[[], None] | None = None
) -> None:
    """As `main`, with the work to do, and what is done before it; it does not return."""
    _begin(log)
    if prepare is not None:
        prepare()
    try:
        task = Task.from_json(receive(connection)[1])
    except (OSError, EOFError):
        _end(0)
    parameters = task.parameters.get("memory_mb")
    wanted = parameters if isinstance(parameters, int) else task.limits.memory_mb
    _limit_memory(min(wanted, task.limits.memory_mb))
    stop = threading.Event()
    threading.Thread(target=_listen, args=(connection, stop), daemon=True).start()
    voice = _Voice(connection)
    voice.say("begun")
    with _Bugs(voice):
        voice.say(*_outcome(task, stop, voice, work))
    voice.close()
    _end(0)


def perform(task: Task, hooks: Hooks) -> Answer:
    """Return the answer of a task.

    Raises
    ------
    InvalidInput
        With every finding about the input.
    EngineError
        The engine failed or does not do what is asked.
    """
    given = task.start_plan is not None
    parameters = parse_parameters(task.kind, task.parameters, task.limits, has_plan=given)
    portfolio = portfolio_of(task.portfolio, task.scenario)
    start = None
    if task.start_plan is not None:
        start = Plan.parse(document(task.start_plan, "plan"))
    return run_kind(portfolio, parameters, start, task.limits, hooks)


def _outcome(task: Task, stop: threading.Event, voice: _Voice, work: Work) -> Message:
    """Return the last message: what came out of the work."""
    over = threading.Event()

    def out_of_time() -> None:
        if not stop.is_set():
            over.set()
            stop.set()

    hooks = Hooks(
        stop=stop,
        on_progress=voice.progress,
        on_plan=lambda portfolio, plan: voice.say(
            "plan", plan.model_dump_json(), facts_of(portfolio, plan)
        ),
        on_solved=lambda key, done, total: voice.say("solves", key, done, total),
    )
    limit = task.limits.time_limit
    clock = threading.Timer(limit + SLACK_SECONDS + SLACK_SHARE * limit, out_of_time)
    clock.daemon = True
    clock.start()
    try:
        answer = work(task, hooks)
    except InvalidInput as error:
        return "invalid", [finding_data(finding) for finding in error.findings]
    except Unsupported as error:
        return "failed", "invalid", str(error)
    except EngineError as error:
        return "failed", "engine", str(error)
    except MemoryError:
        return "failed", "memory_limit", "the run needed more memory than it may use"
    finally:
        clock.cancel()
    if stop.is_set() and answer.result is not None and answer.termination is None:
        answer = replace(answer, termination=Termination.STOPPED.value)
    if over.is_set() and answer.termination == Termination.STOPPED.value:
        answer = replace(answer, termination=Termination.TIME_LIMIT.value)
    return "done", answer.to_json()


class _Bugs:
    """Says over the pipe of which kind an error is that nobody expected; it goes on from here.

    Other than a crash it would come again with the same input, so that no second try helps. What
    another process or the system caused is no such error.
    """

    def __init__(self, voice: _Voice) -> None:
        self._voice = voice

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say of which kind the error is, if there is one."""
        if isinstance(error, Exception) and not isinstance(error, OSError | BrokenExecutor):
            self._voice.say("bug", type(error).__qualname__)
            self._voice.close()


class _Voice:
    """Speaks over the pipe from a thread of its own, so that a slow parent slows no solver.

    Of lines of progress only the newest waits.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: deque[Message] = deque()
        self._progress: Incumbent | None = None
        self._closed = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()

    def say(self, *message: object) -> None:
        """Send a message, after the progress before it."""
        with self._news:
            self._waiting.append(message)
            self._news.notify()

    def progress(self, line: Incumbent) -> None:
        """Send a line of progress soon, unless a newer one comes before."""
        with self._news:
            self._progress = line
            self._news.notify()

    def close(self) -> None:
        """Wait until all is said."""
        with self._news:
            self._closed = True
            self._news.notify()
        self._thread.join()

    def _speak(self) -> None:
        due = time.monotonic()
        while True:
            with self._news:
                while not (self._waiting or self._closed):
                    left = due - time.monotonic()
                    if self._progress is not None and left <= 0:
                        break
                    self._news.wait(None if self._progress is None else left)
                line, self._progress = self._progress, None
                messages = list(self._waiting)
                self._waiting.clear()
                closed = self._closed
            if line is not None:
                due = time.monotonic() + PROGRESS_SECONDS
                gap = relative_gap(line.value, line.bound)
                messages.insert(0, ("progress", line.model_dump(mode="json") | {"gap": gap}))
            try:
                for message in messages:
                    send(self._connection, *message)
            except OSError:
                _end_group()
            if closed and not messages:
                return


def _listen(connection: Connection, stop: threading.Event) -> None:
    """Set ``stop`` when the parent says so, and end where it is gone."""
    try:
        while True:
            if receive(connection)[0] == "stop":
                stop.set()
    except (OSError, EOFError, ValueError):
        _end_group()


def _begin(log: str) -> None:
    """Become the leader of a group, of low priority, that writes into the log and leaves no core.

    SIGTERM ends the child as `sys.exit` does, so that temporary files go; Ctrl-C is the parent's.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _terminate)
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
        os.nice(NICENESS)
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # where memory runs out, the child goes before the service
        Path("/proc/self/oom_score_adj").write_text("500")
    with Path(log).open("ab") as file:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    # Where a library brings the process down, the log has the place at least.
    faulthandler.enable()


def _limit_memory(megabytes: int) -> None:
    """Refuse memory above the limit to this process and to those that it starts."""
    if resource is None:
        return
    room = (megabytes + ADDRESS_ROOM_MB) * MIB
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        room = min(room, hard)
    resource.setrlimit(resource.RLIMIT_AS, (room, room))


def _terminate(signum: int, frame: FrameType | None) -> None:
    sys.exit(TERMINATED)


def _end(code: int) -> None:
    """End at once: threads of engines that are still there have nothing more to say."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _end_group() -> None:
    """End this process and all that it started."""
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
