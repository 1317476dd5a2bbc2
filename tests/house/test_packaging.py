"""Lock file, make targets, container: what a fresh machine needs."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tarfile
import tomllib
import venv
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]

PIN = re.compile(r"^[a-z0-9][a-z0-9-]*==[\w.]+$")


def pins() -> dict[str, str]:
    """Return the pinned version of every package in the lock file."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    return dict(line.split("==") for line in pinned)


def dockerfile() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, continuation lines joined."""
    text = (ROOT / "Dockerfile").read_text()
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines if line.strip()]


def arguments(instruction: str) -> list[str]:
    """Return the argument of every instruction of a kind."""
    return [argument for kind, argument in dockerfile() if kind == instruction]


def test_lock_holds_names_and_versions_only() -> None:
    """No line of the lock names an index, a file, a hash or a machine."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert all(line.startswith("# ") or PIN.match(line) for line in lines)
    assert not any("/" in line for line in lines if line.startswith("#"))


def test_lock_satisfies_every_declared_range() -> None:
    """Run-time, test and build requirements are all pinned, within their ranges."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["test"],
        *project["dependency-groups"]["build"],
        *project["build-system"]["requires"],
    ]
    pinned = pins()
    for text in declared:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), text


def test_environment_is_the_locked_one() -> None:
    """What the tests run on is what the lock says."""
    differing = {
        name: (version, metadata.version(name))
        for name, version in pins().items()
        if metadata.version(name) != version
    }
    assert differing == {}


def test_locked_packages_need_nothing_else() -> None:
    """The lock is closed: what its packages need here is in it too."""
    pinned = pins()
    for name in pinned:
        for text in metadata.requires(name) or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                assert canonicalize_name(requirement.name) in pinned, f"{name} needs {text}"


@pytest.mark.parametrize(
    "target", ["demo", "test", "test-postgres", "drill", "lock", "schema", "format", "clean"]
)
def test_make_targets_exist(target: str, environment: dict[str, str]) -> None:
    """Each make target can be planned, with another environment folder as well."""
    done = subprocess.run(
        ["make", "-n", target, "VENV=elsewhere"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "elsewhere/" in done.stdout or target == "clean"


def test_second_make_installs_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    """Where the stamps are newer than lock and pyproject, make goes straight to the command."""
    for stamp in (".locked", ".installed"):
        (tmp_path / stamp).touch()
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", "demo", f"VENV={tmp_path}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == [f"{tmp_path}/bin/pmo-optimizer demo"]


def test_source_distribution_holds_what_make_test_reads(tmp_path: Path) -> None:
    """Whoever unpacks the sources has everything that is built, checked and tested here."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    files = ("Makefile", "pyproject.toml", "requirements.lock")
    images = ("Dockerfile", ".dockerignore", "compose.yaml")
    texts = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE")
    assert {*files, *images, *texts, ".ci/run", "docs/checks.md", "benchmarks/__main__.py"} <= names
    assert "tests/house/test_packaging.py" in names
    assert not any("__pycache__" in name or "/.hypothesis" in name for name in names)


def test_continuous_integration_runs_make_test() -> None:
    """.ci/run can be executed and calls make test."""
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()
    assert "set -euo pipefail" in script.read_text()


def test_dockerfile_copies_what_exists() -> None:
    """Every COPY source is in the project and let through by .dockerignore."""
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    for argument in arguments("COPY"):
        *sources, _ = shlex.split(argument)
        for source in sources:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in allowed, source


def test_dockerfile_runs_as_somebody_harmless() -> None:
    """The last USER is not root, there is a health check, and a base image of Python >= 3.11."""
    assert arguments("USER")[-1] not in {"root", "0"}
    assert len(arguments("HEALTHCHECK")) == 1
    base = re.fullmatch(r"python:3\.(\d+)-slim", arguments("FROM")[0])
    assert base is not None
    assert int(base.group(1)) >= 11


def test_dockerfile_installs_from_the_lock_first() -> None:
    """The pinned packages are installed before the sources are copied, so that layer is kept."""
    kinds = dockerfile()
    lock = next(i for i, (kind, text) in enumerate(kinds) if kind == "RUN" and "lock" in text)
    copy = next(i for i, (kind, text) in enumerate(kinds) if text.startswith("pmo_optimizer "))
    assert lock < copy


def start_lines() -> list[list[str]]:
    """Return the health check and the start line, as command lines."""
    check = re.sub(r"^.*CMD ", "", arguments("HEALTHCHECK")[0])
    start = [*json.loads(arguments("ENTRYPOINT")[0]), *json.loads(arguments("CMD")[0])]
    return [json.loads(check), start]


def assert_starts(bin_folder: Path, environment: dict[str, str], folder: Path) -> None:
    """Assert that the health check and the start line succeed."""
    for line in start_lines():
        command = [str(bin_folder / line[0]), *line[1:]]
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout


def test_dockerfile_start_lines_answer(tmp_path: Path, environment: dict[str, str]) -> None:
    """The container's start line and health check work where the package is installed."""
    bin_folder = Path(sys.executable).parent
    if not (bin_folder / "pmo-optimizer").exists():
        pytest.skip("the package is not installed in this environment")
    assert_starts(bin_folder, environment, tmp_path)


@pytest.mark.drill
def test_dockerfile_installs_in_a_fresh_environment(tmp_path: Path) -> None:
    """The Dockerfile's copies and installs, done in a fresh environment, give a working start."""
    venv.create(tmp_path / "venv", with_pip=True)
    commands = tmp_path / "venv" / "bin"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment["PATH"] = f"{commands}{os.pathsep}{os.environ['PATH']}"
    app = tmp_path / "app"
    app.mkdir()
    for kind, argument in dockerfile():
        if kind == "COPY":
            *sources, target = shlex.split(argument)
            for source in sources:
                place = app if target == "./" else app / target
                subprocess.run(["cp", "-r", str(ROOT / source), str(place)], check=True)
        elif kind == "RUN" and "pip" in argument:
            subprocess.run(argument, shell=True, cwd=app, env=environment, check=True)
    assert_starts(commands, environment, tmp_path)


@pytest.mark.drill
def test_wheel_holds_three_packages_and_nothing_generic(tmp_path: Path) -> None:
    """The wheel brings pmo_optimizer, pmo_solvers and pmo_scenarios, their data and types."""
    import zipfile

    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    command = [sys.executable, "-m", "pip", "wheel", *options, str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"pmo_optimizer", "pmo_solvers", "pmo_scenarios"}
    assert {f"{top}/py.typed" for top in tops} <= set(names)
