"""The command that opens everything with the sample portfolio."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from tests.web.helpers import HTML, seen

ROOT = Path(__file__).parents[2]


def served(folder: Path) -> tuple[str, str]:
    """Run the command until its page has come; return the address of the page, and the page."""
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "solvers", ROOT / "scenarios")))
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PMO_")}
    database = f"sqlite:///{folder / 'service.db'}"
    environment = kept | {"PYTHONPATH": paths, "PMO_DATABASE_URL": database}
    line = [sys.executable, "-m", "pmo_optimizer.cli", "demo", "--serve"]
    line += ["--port", "0", "--no-browser"]
    with subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = process.stderr.readline() + process.stderr.readline()
        try:
            found = re.search(r"Open (http://127\.0\.0\.1:\d+)(/portfolios/\S+)", said)
            assert found, said + process.stderr.read()
            transport = httpx.HTTPTransport(retries=5)
            with httpx.Client(headers=HTML, timeout=60, transport=transport) as client:
                page = seen(client.get(found[1] + found[2])).text
        finally:
            process.send_signal(signal.SIGINT)
            log = process.stderr.read()
        assert process.wait(60) == 0, log
    return found[2], page


def test_the_demo_opens_with_the_sample(tmp_path: Path) -> None:
    """On this machine only; the second time the same portfolio is there, once."""
    path, page = served(tmp_path)
    assert "48" in page
    assert "This machine" not in page
    assert "Make a plan" in page
    assert served(tmp_path)[0] == path
