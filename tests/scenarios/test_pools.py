"""Processes of our own: they end with the one that began them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

OWNER = """
    import os
    import time
    from pmo_scenarios.pools import own_processes

    if __name__ == "__main__":
        pool = own_processes(1)
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 600).result()
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
def test_processes_end_when_their_owner_is_killed(tmp_path: Path) -> None:
    """SIGKILL of a process that solves many portfolios leaves none behind that goes on."""
    script = tmp_path / "owner.py"
    script.write_text(textwrap.dedent(OWNER))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment
    ) as owner:
        assert owner.stdout is not None
        worker = Path("/proc") / owner.stdout.readline().strip()
        assert worker.is_dir()
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    end = time.monotonic() + 120
    while worker.is_dir() and " Z " not in (worker / "stat").read_text():
        assert time.monotonic() < end, "it goes on"
        time.sleep(0.05)
