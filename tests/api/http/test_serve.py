"""The command `serve`, and the settings that it reads."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from pydantic_settings.exceptions import SettingsError

from pmo_optimizer.service import Settings, create_app
from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.store import open_store
from tests.api.databases import postgres_database
from tests.api.http.helpers import assert_problem, portfolio

ROOT = Path(__file__).parents[3]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a service with a database of its own."""
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "solvers", ROOT / "scenarios")))
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PMO_")}
    return kept | {"PYTHONPATH": paths, "PMO_DATABASE_URL": f"sqlite:///{tmp_path / 'service.db'}"}


def command(*options: str) -> list[str]:
    """Return the command line."""
    return [sys.executable, "-m", "pmo_optimizer.cli", "serve", *options]


def refused(environment: dict[str, str], *options: str) -> str:
    """Run the command, which must not serve, and return what it says."""
    done = subprocess.run(
        command(*options), env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    return done.stderr


@contextmanager
def running(environment: dict[str, str], *options: str) -> Iterator[tuple[httpx.Client, int]]:
    """Run the command on a free port, give what asks it, and end it by SIGTERM."""
    line = command("--port", "0", *options)
    with subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        try:
            port = re.search(r":(\d+);", said)
            assert port, said + process.stderr.read()
            address = f"http://127.0.0.1:{port[1]}"
            transport = httpx.HTTPTransport(retries=5)
            with httpx.Client(base_url=address, timeout=60, transport=transport) as client:
                yield client, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            log = process.stderr.read()
        assert process.wait(60) == 0, log


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_no_keys_no_public_address(environment: dict[str, str], host: str) -> None:
    """Without keys another address than this machine's is refused with code 2, and how to go on."""
    said = refused(environment, "--host", host)
    assert "pmo-optimizer keys create" in said
    assert "--host 127.0.0.1" in said


@pytest.mark.parametrize("name", ["plans.example", "*"])
def test_no_keys_no_public_name(environment: dict[str, str], name: str) -> None:
    """Behind a proxy this machine's address is everybody's: without keys that is refused too."""
    said = refused(environment | {"PMO_ALLOWED_HOSTS": name})
    assert name in said
    assert "pmo-optimizer keys create" in said
    assert "PMO_ALLOWED_HOSTS" in said


def test_ended_keys_do_not_count(environment: dict[str, str]) -> None:
    """A key that was revoked is none."""
    store = open_store(environment["PMO_DATABASE_URL"])
    store.upgrade()
    record, _ = store.create_key("a", "test", [Scope.READ])
    store.revoke_key("a", record.id)
    store.close()
    assert "keys create" in refused(environment, "--host", "0.0.0.0")


def test_with_keys_a_public_address_asks_for_them(environment: dict[str, str]) -> None:
    """With a key the service listens, and asks everybody for one, this machine too."""
    store = open_store(environment["PMO_DATABASE_URL"])
    store.upgrade()
    _, key = store.create_key("a", "test", [Scope.READ])
    store.close()
    with running(environment, "--host", "0.0.0.0", "--no-require-keys") as (client, _):
        assert_problem(client.get("/v1/runs"), 401)
        head = {"Authorization": f"Bearer {key}"}
        assert client.get("/v1/runs", headers=head).status_code == 200


def test_it_serves_plans(environment: dict[str, str]) -> None:
    """The command solves what it is given, without any setting, and ends in peace."""
    with running(environment) as (client, _):
        made = client.post("/v1/portfolios", json=portfolio()).json()["id"]
        body = {"portfolio_id": made, "parameters": {"time_limit": 10}}
        run = client.post("/v1/runs", json=body, headers={"Prefer": "wait=30"}).json()
        assert run["status"] == "optimal", run
        assert client.get(f"/v1/runs/{run['id']}/plan").json()["objective"] == 8


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PMO_PORT", "high"),
        ("PMO_BODY_LIMIT", "-1"),
        ("PMO_DATABASE_URL", "mysql://host/database"),
        ("PMO_DATABASE_URL", "sqlite://"),
        ("PMO_LOG_LEVEL", "loud"),
    ],
)
def test_wrong_settings(environment: dict[str, str], variable: str, value: str) -> None:
    """A setting that cannot be used ends the command with code 2, and is named."""
    assert variable in refused(environment | {variable: value})


def test_a_taken_port(environment: dict[str, str]) -> None:
    """A port that somebody else has ends the command with code 2."""
    with running(environment) as (client, _):
        assert "cannot be had" in refused(environment, "--port", str(client.base_url.port))


def test_postgresql_is_upgraded_when_asked(environment: dict[str, str]) -> None:
    """On PostgreSQL the tables must be there; `--upgrade` makes them."""
    with postgres_database() as url:
        own = environment | {"PMO_DATABASE_URL": url}
        assert "--upgrade" in refused(own)
        with running(own, "--upgrade") as (client, _):
            assert client.get("/v1/ready").status_code == 200


def test_importing_the_command_line_loads_no_web(environment: dict[str, str]) -> None:
    """The help of the command line loads neither FastAPI nor SQLAlchemy."""
    code = (
        "import sys, pmo_optimizer.cli\n"
        "print([m for m in ('fastapi', 'uvicorn', 'sqlalchemy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_secrets_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's address may stand in a file; given twice it is refused; it is never shown."""
    place = tmp_path / "url"
    place.write_text("postgresql://user:geheim@db/pmo\n")
    monkeypatch.delenv("PMO_DATABASE_URL", raising=False)
    monkeypatch.setenv("PMO_DATABASE_URL_FILE", str(place))
    settings = Settings()
    assert settings.database_url == "postgresql://user:geheim@db/pmo"
    assert "geheim" not in repr(settings)
    monkeypatch.setenv("PMO_DATABASE_URL", "sqlite:///x")
    with pytest.raises(SettingsError, match="not both"):
        Settings()
    monkeypatch.delenv("PMO_DATABASE_URL")
    place.unlink()
    with pytest.raises(SettingsError, match="PMO_DATABASE_URL_FILE"):
        Settings()


def test_lists_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are separated by commas."""
    monkeypatch.setenv("PMO_ALLOWED_HOSTS", "plans.example, board.example,")
    assert {"plans.example", "board.example", "localhost"} <= Settings().host_names
    with pytest.raises(ValidationError):
        Settings(port=70000)


def test_the_app_can_be_made_without_a_database() -> None:
    """Making the app opens nothing: it describes itself without a store."""
    app = create_app(Settings(database_url="sqlite:////nowhere/at/all.db"))
    assert app.openapi()["info"]["title"] == "pmo-optimizer"
