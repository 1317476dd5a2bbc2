"""What README and docs/service.md say of the service is true: lines run, settings are those."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pmo_optimizer.service import Settings
from tests.api.live import served, settings_in

ROOT = Path(__file__).parents[3]

BLOCK = re.compile(r"^```(sh|py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

ROW = re.compile(r"^\| `(PMO_[A-Z_]+)` \| (.*?) \| (.*?) \|$", re.MULTILINE)

DOCUMENTED = "http://127.0.0.1:8765"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a live service."""
    with served(settings_in(tmp_path_factory.mktemp("service"))) as url:
        yield url


@pytest.mark.parametrize("document", ["README.md", "docs/service.md"])
def test_lines_of_the_documents_work(document: str, address: str, tmp_path: Path) -> None:
    """The curl lines and the Python lines run one after the other against a live service."""
    blocks = BLOCK.findall((ROOT / document).read_text())
    assert {kind for kind, _ in blocks} == {"sh", "py"}
    # Variables and functions of one block are used by the next.
    parts = [
        text if kind == "sh" else f"python3 - <<'PYTHON'\n{text}PYTHON\n" for kind, text in blocks
    ]
    script = "".join(parts).replace(DOCUMENTED, address)
    assert DOCUMENTED not in script
    paths = (ROOT, ROOT / "solvers", ROOT / "scenarios")
    commands = Path(sys.executable).parent
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert '"status":"optimal"' in done.stdout
    assert "event: end" in done.stdout
    assert "optimal 8.0 8.0 ('web',)" in done.stdout


def test_settings_of_the_document_are_those_of_the_service() -> None:
    """The table of docs/service.md lists every setting, in order, with its default."""
    rows = ROW.findall((ROOT / "docs" / "service.md").read_text())
    fields = Settings.model_fields
    assert [name for name, _, _ in rows] == [f"PMO_{name.upper()}" for name in fields]
    for name, default, text in rows:
        value = fields[name.removeprefix("PMO_").lower()].default
        assert text
        if name == "PMO_DATABASE_URL":
            assert "SQLite" in default
        elif value == ():
            assert default == "none"
        else:
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            assert default == f"`{shown.lower()}`", name


def test_settings_that_documents_name_exist() -> None:
    """No document, image or compose file sets what the service does not read."""
    known = {f"PMO_{name.upper()}" for name in Settings.model_fields} | {"PMO_DATABASE_URL_FILE"}
    files = ("README.md", "docs/service.md", "Dockerfile", "compose.yaml")
    for file in files:
        named = re.findall(r"\bPMO_[A-Z_]+\b", (ROOT / file).read_text())
        assert set(named) <= known, file
