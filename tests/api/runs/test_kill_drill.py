"""Short runs while supervisors, workers and children are killed at random and begun anew."""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.api.databases import BY_HAND
from tests.api.runs.sound import require_sound
from tests.api.runs.world import World

MARK = "PMO_DRILL"
"""Environment variable by which the processes of a drill are found, whoever started them."""

PAUSE = (0.5, 4.0)
"""Seconds between two kills."""

HOURS = 3600.0

COMMANDS = {
    "sqlite": ([sys.executable, "-m", "tests.api.runs.drilled"],),
    "postgresql": ([sys.executable, "-m", "pmo_optimizer.cli", "worker"],) * 2,
}
"""What does the runs on each store: one service, or two workers."""

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")


class Herd:
    """The processes of a drill: those that do runs, and what these have started."""

    def __init__(self, kind: str, address: str, chance: random.Random) -> None:
        self.token = secrets.token_hex(8)
        self.kills = 0
        self._chance = chance
        self._environment = os.environ | {
            MARK: self.token,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PMO_DATABASE_URL": address,
            "PMO_HEARTBEAT_SECONDS": "0.3",
            "PMO_STALE_SECONDS": "2",
            "PMO_MAX_ATTEMPTS": "50",
            "PMO_WORKERS": "1",
            "PMO_RUNNING": "2",
            "PMO_LOG_LEVEL": "error",
        }
        self._commands = COMMANDS[kind]
        self._masters = [self._begin(command) for command in self._commands]

    def _begin(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=self._environment)

    def members(self) -> list[int]:
        """Return all processes of the drill that are alive."""
        mark = f"{MARK}={self.token}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    if mark in (entry / "environ").read_bytes():
                        found.append(int(entry.name))
        return found

    def kill_one(self) -> None:
        """Kill one process, any of them; one that does runs is begun anew."""
        masters = [master.pid for master in self._masters]
        children = sorted(set(self.members()) - set(masters))
        # Half of the kills are of those that do runs, and now and then all go at once.
        choice = self._chance.random()
        if choice < 0.1:
            victims = [*masters, *children]
        elif choice < 0.5 or not children:
            victims = [self._chance.choice(masters)]
        else:
            victims = [self._chance.choice(children)]
        for victim in victims:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        self.kills += len(victims)
        for number, master in enumerate(self._masters):
            if master.pid in victims:
                master.wait()
                self._masters[number] = self._begin(self._commands[number])

    def end(self) -> None:
        """End all in peace."""
        for master in self._masters:
            master.terminate()
        for master in self._masters:
            assert master.wait(timeout=120) == 0
        end = time.monotonic() + 60
        while self.members():
            assert time.monotonic() < end, "processes were left behind"
            time.sleep(0.1)


@contextmanager
def herd(kind: str, address: str, chance: random.Random) -> Iterator[Herd]:
    """Run the processes of a drill; none is left at the end, however it ends."""
    group = Herd(kind, address, chance)
    try:
        yield group
        group.end()
    finally:
        for pid in group.members():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def drill(world: World, kind: str, runs: int, kills: int, seed: int) -> None:
    """Do the runs while the killing goes on, and look at what became of them."""
    chance = random.Random(seed)
    queued = [world.queued({"workers": 1, "time_limit": 20.0, "seed": n}) for n in range(runs)]
    end = time.monotonic() + HOURS
    with herd(kind, world.address, chance) as group:
        due = time.monotonic() + PAUSE[1]
        # A fast machine may be done before the first kill.
        while not (
            all(world.store.run_status("a", run.id).state.terminal for run in queued)
            and group.kills
        ):
            assert time.monotonic() < end, "runs were lost"
            if time.monotonic() >= due and group.kills < kills:
                group.kill_one()
                due = time.monotonic() + chance.uniform(*PAUSE)
            time.sleep(0.1)
        assert group.kills > 0
    for run in queued:
        require_sound(world, run)


@pytest.mark.parametrize(
    "world", ["sqlite", pytest.param("postgresql", marks=BY_HAND)], indirect=True
)
def test_kills_lose_nothing(world: World) -> None:
    """A few runs survive a few kills of whatever is there."""
    kind = "postgresql" if world.store.postgres else "sqlite"
    drill(world, kind, runs=6, kills=5, seed=6)


@pytest.mark.drill
def test_many_kills_lose_nothing(world: World) -> None:
    """200 runs survive kills all the time, on both stores."""
    kind = "postgresql" if world.store.postgres else "sqlite"
    drill(world, kind, runs=200, kills=10_000, seed=2027)
