"""The image and the compose file: what they run exists, and no secret stands in them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pmo_optimizer.cli import app
from pmo_optimizer.service import healthcheck
from tests.api.live import served, settings_in

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Return the compose file."""
    data: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return data


def commands() -> set[str]:
    """Return the names of the commands."""
    named = {
        command.name or command.callback.__name__
        for command in app.registered_commands
        if command.callback is not None
    }
    return named | {str(group.name) for group in app.registered_groups}


def test_compose_has_service_two_workers_and_postgres(compose: dict[str, Any]) -> None:
    """There are the service, two workers and a database, and the workers wait for it."""
    services = compose["services"]
    assert set(services) == {"service", "worker", "db"}
    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["db"]["image"].startswith("postgres:")
    for name in ("service", "worker"):
        assert services[name]["depends_on"]["db"]["condition"] == "service_healthy"
        assert services[name]["command"][0] in commands()


def test_secrets_are_files_and_nowhere_else(compose: dict[str, Any]) -> None:
    """No password stands in the file or the environment; each secret comes from a file."""
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
    used = {s for service in compose["services"].values() for s in service["secrets"]}
    assert used == set(compose["secrets"])
    for service in compose["services"].values():
        for name, value in service["environment"].items():
            if re.search("PASSWORD|SECRET|URL|KEY(?!S)", name):
                assert name.endswith("_FILE"), name
                assert value.startswith("/run/secrets/"), name
    assert "secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_containers_may_do_little(compose: dict[str, Any]) -> None:
    """The containers of the service are read-only, without capabilities, on this machine only."""
    for name in ("service", "worker"):
        service = compose["services"][name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["init"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert "ports" not in compose["services"]["db"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/usr/local/bin/python3.11\0/usr/local/bin/pmo-optimizer\0serve\0--port\09\0", 3),
        ("/sbin/docker-init\0--\0pmo-optimizer\0worker\0", 1),
        ("/bin/bash\0serve\0", 0),
        ("", 0),
    ],
)
def test_the_first_process_is_recognised(tmp_path: Path, line: str, words: int) -> None:
    """Only what follows the program counts, with and without an init before it."""
    (tmp_path / "cmdline").write_text(line)
    assert len(healthcheck.words_of(tmp_path / "cmdline")) == words
    assert healthcheck.words_of(tmp_path / "missing") == ()


@pytest.mark.parametrize(
    ("words", "port"),
    [
        (("serve", "--port", "99"), 99),
        (("serve", "--port=98", "--host", "::"), 98),
        (("serve",), 97),
        (("serve", "--port"), 97),
    ],
)
def test_the_port_is_that_of_the_command_or_the_settings(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], port: int
) -> None:
    """The check asks where the service listens."""
    monkeypatch.setenv("PMO_PORT", "97")
    assert healthcheck.port_of(words) == port


def test_a_service_is_well_while_it_answers(tmp_path: Path) -> None:
    """A live service is well; once it has ended the check says that nobody answers."""
    with served(settings_in(tmp_path)) as url:
        words = ("serve", "--port", url.rpartition(":")[2])
        assert healthcheck.trouble(words) == ""
    assert "does not answer" in healthcheck.trouble(words)


def test_a_worker_is_well_while_the_database_answers(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """A worker whose database answers is well; without one it is not."""
    monkeypatch.setenv("PMO_DATABASE_URL", database_url)
    assert healthcheck.trouble(("worker",)) == ""
    monkeypatch.setenv("PMO_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert healthcheck.trouble(("worker",))


def test_single_commands_are_well_where_there_are_engines() -> None:
    """Anything else than service and worker is well if the engines are there."""
    assert healthcheck.trouble(("solve", "serve")) == ""
    done = subprocess.run(
        [sys.executable, "-m", "pmo_optimizer.service.healthcheck"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "well\n")
