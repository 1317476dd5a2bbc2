"""One child process from the parent's side: begin, listen, stop, kill, and what became of it."""

from __future__ import annotations

import os
import queue
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Literal

from pmo_optimizer.service.runs import child
from pmo_optimizer.service.runs.memory import Use, group_use
from pmo_optimizer.service.runs.messages import Answer, Message, Task, receive, send

Entry = Callable[[Connection, str], None]
"""What a child runs: it gets its end of the pipe and the path of its log."""

Code = Literal["engine", "crash", "memory_limit", "invalid"]

MIB = 1024 * 1024

NEAR = 0.9
"""A child that dies by itself with this part of its memory in use died of that."""

WATCH_SECONDS = 0.2
"""How often the memory is looked at."""

LATE_SECONDS = 10.0
"""How much later than it is asked to by its own clock a child may end."""

OUT_OF_MEMORY = ("bad_alloc", "MemoryError", "Cannot allocate memory", "start new thread")
"""What programs say last when memory is refused to them."""

LAST_WORDS = 8192
"""Bytes of the log in which that is looked for, and which are handed on."""

END = "end"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a child has no answer.

    Attributes
    ----------
    code
        ``engine``, ``crash``, ``memory_limit`` or ``invalid``.
    detail
        The same for people.
    again
        Whether another try may help.
    kind
        Type of the error that nobody expected, where there was one.
    words
        End of the child's log, if it crashed; it may quote the input.
    """

    code: Code
    detail: str
    again: bool = False
    kind: str | None = None
    words: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a child; one of the three is there.

    Attributes
    ----------
    answer
        What it found.
    failure
        Why there is none.
    killed
        It did not end when it was told to: because somebody asked (``stopped``), or because its
        time was over (``time_limit``).
    """

    answer: Answer | None = None
    failure: Failure | None = None
    killed: Literal["stopped", "time_limit"] | None = None


class Process:
    """A process that waits for its task.

    Parameters
    ----------
    entry
        What it runs.

    Attributes
    ----------
    pid
        Its id, which is also that of its group.
    log
        File that takes what it writes.
    connection
        Our end of the pipe to it.
    """

    def __init__(self, entry: Entry) -> None:
        handle, log = tempfile.mkstemp(prefix="pmo-run-", suffix=".log")
        os.close(handle)
        self.log = Path(log)
        context = get_context("spawn")
        ours, theirs = context.Pipe(duplex=True)
        self.connection: Connection = ours
        # No daemon: it may have processes of its own.
        self.process = context.Process(target=entry, args=(theirs, log), daemon=False)
        self.process.start()
        theirs.close()
        self.pid: int = self.process.pid or 0

    def close(self) -> None:
        """Kill it and all that it started, before it was given a task."""
        self.signal(signal.SIGKILL)
        self.process.join()
        self.connection.close()
        self.process.close()
        self.log.unlink(missing_ok=True)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the group, or to the process alone before it has one."""
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.pid, number)
                return
        if self.process.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Child:
    """One task in a process of its own; a context manager that leaves no process behind.

    Parameters
    ----------
    task
        What is to be done.
    entry
        What the child runs.
    waiting
        A process that waits for a task; by default one is started.
    stop_grace
        Seconds from `stop` to SIGTERM.
    kill_grace
        Seconds from there to SIGKILL.

    Attributes
    ----------
    pid
        Of the child, which is also the id of its group.
    """

    def __init__(
        self,
        task: Task,
        *,
        entry: Entry = child.main,
        waiting: Process | None = None,
        stop_grace: float = 4.0,
        kill_grace: float = 2.0,
    ) -> None:
        self._task = task
        self._stop_grace = stop_grace
        self._kill_grace = kill_grace
        asked = task.parameters.get("memory_mb")
        allowed = task.limits.memory_mb
        self._memory = min(asked if isinstance(asked, int) else allowed, allowed) * MIB
        mine = Process(entry) if waiting is None else waiting
        self._log = mine.log
        self._connection: Connection = mine.connection
        self._news: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._told = threading.Event()
        self._last: Message | None = None
        self._over = False
        self._ended = False
        self._asked: Literal["stopped", "time_limit"] | None = None
        self._asked_at = 0.0
        self._stop_sent = False
        self._terminated = False
        self._peak = Use()
        self._too_much = False
        self._mine = mine
        self._process = mine.process
        self.pid: int = mine.pid
        self._begun = self._watched = time.monotonic()
        self._thread = threading.Thread(target=self._converse, daemon=True)
        self._thread.start()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self._over

    def messages(self, timeout: float) -> list[Message]:
        """Return what the child has said, after at most so many seconds of waiting.

        Its last message is not among them: see `outcome`. Also looks after limits and stops.
        """
        found: list[Message] = []
        with suppress(queue.Empty):
            while not self._over:
                message = self._news.get(timeout=0.0 if found else timeout)
                if message[0] in {"done", "invalid", "failed", "bug", END}:
                    self._last = message
                    self._over = True
                else:
                    found.append(message)
        if not self._over:
            self._look_after()
        return found

    def stop(self) -> None:
        """Ask for the best answer so far; who does not answer in time is killed."""
        self._ask("stopped")

    def kill(self) -> None:
        """Kill the child and all that it started, at once."""
        self._signal(signal.SIGKILL)

    def outcome(self) -> Outcome:
        """Return what became of the child, once it is over.

        Raises
        ------
        RuntimeError
            It is not over.
        """
        if self._last is None:
            raise RuntimeError("the child is not over")
        match self._last:
            case ("done", str(text)):
                return Outcome(answer=Answer.from_json(text))
            case ("invalid", list(findings)):
                lines = [f"{item['path']}: {item['message']}" for item in findings]
                return Outcome(failure=Failure("invalid", "; ".join(lines)))
            case ("failed", ("engine" | "memory_limit" | "invalid") as code, str(detail)):
                return Outcome(failure=Failure(code, detail))
            case ("bug", str(kind)):
                return self._of_death(kind)
            case _:
                return self._of_death()

    def close(self) -> None:
        """Leave no process and no file behind."""
        if self._last is not None:
            self._wait()
        self._end_group()
        self._connection.close()
        self._thread.join()
        self._process.close()
        self._log.unlink(missing_ok=True)

    def _converse(self) -> None:
        """Give the task and take what comes; in a thread, as a stopped child reads nothing."""
        try:
            send(self._connection, "task", self._task.to_json())
            self._told.set()
            while True:
                self._news.put(receive(self._connection))
        except (OSError, EOFError, ValueError, TypeError):
            # A connection that is closed between two of its own steps has no handle: TypeError.
            self._news.put((END,))

    def _look_after(self) -> None:
        now = time.monotonic()
        limit = self._task.limits.time_limit
        late = child.SLACK_SECONDS + child.SLACK_SHARE * limit + LATE_SECONDS
        if now - self._begun > limit + late:
            self._ask("time_limit")
        if now - self._watched >= WATCH_SECONDS:
            self._watched = now
            self._watch_memory()
        if self._asked is None:
            return
        if not self._stop_sent and self._told.is_set():
            self._stop_sent = True
            with suppress(OSError):
                send(self._connection, "stop")
        waited = now - self._asked_at
        if waited > self._stop_grace + self._kill_grace:
            self._signal(signal.SIGKILL)
        elif waited > self._stop_grace and not self._terminated:
            self._terminated = True
            self._signal(signal.SIGTERM)

    def _ask(self, why: Literal["stopped", "time_limit"]) -> None:
        if self._asked is None:
            self._asked = why
            self._asked_at = time.monotonic()

    def _watch_memory(self) -> None:
        use = group_use(self.pid)
        resident = max(use.resident, self._peak.resident)
        self._peak = Use(resident, max(use.mapped, self._peak.mapped))
        if use.resident > self._memory:
            self._too_much = True
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        self._mine.signal(number)

    def _wait(self) -> None:
        """Wait a little for the end of the child."""
        wait((self._process.sentinel,), self._kill_grace)

    def _end_group(self) -> None:
        """Kill what is left of the group, before the child's id may become somebody else's."""
        if not self._ended:
            self._ended = True
            self._signal(signal.SIGKILL)
            self._process.join()

    def _of_death(self, bug: str | None = None) -> Outcome:
        """Return what it means that the child ended without an answer.

        Parameters
        ----------
        bug
            Type of the error that it ended with, which would come again.
        """
        self._wait()
        self._end_group()
        code = self._process.exitcode or 0
        words = self._last_words()
        if self._too_much or self._died_of_memory(words):
            text = f"the run needed more memory than the {self._memory // MIB} MiB it may use"
            return Outcome(failure=Failure("memory_limit", text))
        if self._asked is not None and self._terminated:
            return Outcome(killed=self._asked)
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        if bug is not None:
            how = f"an error that nobody expected ({bug})"
        text = f"the process of the run ended with {how}"
        return Outcome(failure=Failure("crash", text, bug is None, bug, words))

    def _died_of_memory(self, words: str) -> bool:
        room = self._memory + child.ADDRESS_ROOM_MB * MIB
        if self._peak.resident > NEAR * self._memory or self._peak.mapped > NEAR * room:
            return True
        return any(word in words for word in OUT_OF_MEMORY)

    def _last_words(self) -> str:
        """Return the end of the child's log."""
        with self._log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LAST_WORDS))
            return file.read().decode(errors="replace")
