"""Who may import whom."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

SOURCES = ("pmo_optimizer", "solvers/pmo_solvers", "scenarios/pmo_scenarios", "benchmarks")

PLANTED = [
    # the model would know its checks
    ("pmo_optimizer/model/base.py", "import pmo_optimizer.sequencing", "imports nothing of ours"),
    # the referee would share code with the engines
    ("pmo_optimizer/referee/report.py", "import pmo_optimizer.problem", "import only the model"),
    # the referee would share code with the answers about people, and they with it
    ("pmo_optimizer/referee/report.py", "import pmo_optimizer.people", "people share no code"),
    ("pmo_optimizer/people/forms.py", "import pmo_optimizer.problem", "about people import only"),
    # the core would name an engine
    ("pmo_optimizer/backend.py", "import pmo_solvers", "core imports no engine"),
    # an engine would judge itself
    ("solvers/pmo_solvers/__init__.py", "import pmo_optimizer.referee", "Engines see the problem"),
    # scenarios would reach behind the public names
    ("scenarios/pmo_scenarios/__init__.py", "import pmo_optimizer.model", "public names"),
    # the core, an engine or a scenario would know who asks
    ("pmo_optimizer/backend.py", "import pmo_optimizer.service", "core imports no engine"),
    ("solvers/pmo_solvers/__init__.py", "import pmo_optimizer.service", "Engines see the problem"),
    ("scenarios/pmo_scenarios/__init__.py", "import pmo_optimizer.client", "public names"),
    ("pmo_optimizer/report/__init__.py", "import pmo_optimizer.client", "import only the model"),
    # who only asks would load what answers
    ("pmo_optimizer/client/wire.py", "import pmo_optimizer.problem", "client imports only"),
    # the service would name an engine, or use the command line
    ("pmo_optimizer/service/settings.py", "import pmo_solvers", "service imports the core"),
    ("pmo_optimizer/service/settings.py", "import pmo_optimizer.cli", "service imports the core"),
    # pages would name an engine, or use the command line
    ("pmo_optimizer/web/numbers.py", "import pmo_solvers", "pages import the core"),
    ("pmo_optimizer/web/numbers.py", "import pmo_optimizer.cli", "pages import the core"),
    ("pmo_optimizer/service/settings.py", "import pmo_optimizer.web", "service imports the core"),
    # readers and writers would solve, or know scenarios
    ("pmo_optimizer/formats/clock.py", "import pmo_optimizer.optimize", "Readers and writers"),
    ("pmo_optimizer/formats/clock.py", "import pmo_scenarios", "Readers and writers"),
    # benchmarks would reach behind the public names
    ("benchmarks/child.py", "import pmo_optimizer.problem", "Benchmarks import the public names"),
    ("benchmarks/child.py", "import pmo_solvers", "Benchmarks import the public names"),
    # what is measured would know how
    ("scenarios/pmo_scenarios/__init__.py", "import benchmarks", "does not know the benchmarks"),
    # an engine would use sample data
    ("solvers/pmo_solvers/__init__.py", "import pmo_scenarios", "Only the command line"),
]


def lint(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a copy of the sources."""
    paths = f"{folder}:{folder / 'solvers'}:{folder / 'scenarios'}"
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=folder,
        env=environment | {"PYTHONPATH": paths, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """Return a copy of the sources to plant something in."""
    for source in SOURCES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / source, tmp_path / source, ignore=ignored)
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


def test_contracts_name_every_part(root: Path) -> None:
    """Each module of pmo_optimizer is core or face in the contracts: a new one must be placed."""
    linter = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in linter["contracts"]}
    parts = {f"pmo_optimizer.{p.stem}" for p in (root / "pmo_optimizer").iterdir() if part(p)}
    names = (
        *("assets", "cli", "client", "formats", "people"),
        *("report", "schemas", "service", "web"),
    )
    faces = {f"pmo_optimizer.{name}" for name in names}
    assert set(contracts["core"]["source_modules"]) == parts - faces
    assert parts <= set(contracts["scenarios"]["forbidden_modules"])
    allowed = {f"pmo_optimizer.{name}" for name in ("backend", "model", "problem", "sequencing")}
    assert parts - allowed <= set(contracts["solvers"]["forbidden_modules"])
    strict = parts - {"pmo_optimizer.model", "pmo_optimizer.referee", "pmo_optimizer.report"}
    assert strict <= set(contracts["model"]["forbidden_modules"])
    # The report shows the answers about people, so that the referee has a contract of its own.
    shown = {"pmo_optimizer.assets", "pmo_optimizer.people"}
    assert strict - shown <= set(contracts["referee"]["forbidden_modules"])
    assert strict - {"pmo_optimizer.people"} <= set(contracts["people"]["forbidden_modules"])
    client = {"pmo_optimizer.client", "pmo_optimizer.model"}
    assert parts - client <= set(contracts["client"]["forbidden_modules"])


def part(path: Path) -> bool:
    """Return whether a path is a module or a package, and not the package itself."""
    return (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").is_file()


def test_contracts_are_kept(root: Path, environment: dict[str, str]) -> None:
    """No import contract is broken."""
    done = lint(root, environment)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("file", "line", "contract"), PLANTED)
def test_contracts_catch_what_is_planted(
    copy: Path, environment: dict[str, str], file: str, line: str, contract: str
) -> None:
    """Each forbidden import breaks its contract, so none of them is idle."""
    target = copy / file
    target.write_text(f"{target.read_text()}\n{line}\n")
    done = lint(copy, environment)
    assert done.returncode != 0, done.stdout
    broken = [row for row in done.stdout.splitlines() if " BROKEN" in row]
    assert any(contract in row for row in broken), done.stdout
