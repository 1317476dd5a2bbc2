"""The command `keys`: a key is shown once, listed without its secret, and revoked."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pmo_optimizer.cli import app
from pmo_optimizer.service.store import open_store


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of a database that is not there yet, as the environment gives it."""
    address = f"sqlite:///{tmp_path / 'keys.db'}"
    monkeypatch.setenv("PMO_DATABASE_URL", address)
    return address


def keys(*words: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["keys", *words])


def test_a_new_key_is_the_only_line_on_stdout_and_opens_the_service(address: str) -> None:
    """So that a script can take it; the database is made where there is none."""
    made = keys("create", "ci", "--tenant", "acme", "--scope", "read", "--scope", "admin")
    assert made.exit_code == 0
    (key,) = made.stdout.splitlines()
    assert key.startswith("pmo_key_")
    assert key not in made.stderr
    with closing(open_store(address)) as store:
        principal = store.authenticate(key)
    assert principal is not None
    assert (principal.tenant, set(principal.scopes)) == ("acme", {"read", "admin"})


@pytest.mark.usefixtures("address")
def test_json_tells_the_key_and_its_facts() -> None:
    """By default it reads and solves, for the tenant of this machine, for ever."""
    made = json.loads(keys("create", "ci", "--json").stdout)
    assert made["key"].startswith(f"pmo_{made['id']}_")
    assert (made["tenant"], made["scopes"]) == ("local", ["read", "solve"])
    assert (made["expires"], made["revoked"]) == (None, None)
    ending = json.loads(keys("create", "ci", "--days", "1.5", "--json").stdout)
    assert ending["expires"] > ending["created"]


@pytest.mark.usefixtures("address")
def test_a_list_shows_every_key_and_no_secret() -> None:
    """Oldest first, of one tenant or of all."""
    made = [
        json.loads(keys("create", name, "--tenant", name, "--json").stdout) for name in ("a", "b")
    ]
    listed = keys("list")
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [key["id"] for key in made]
    assert not any(key["key"][-43:] in listed.output for key in made)
    shown = json.loads(keys("list", "--tenant", "b", "--json").stdout)["keys"]
    assert [key["id"] for key in shown] == [made[1]["id"]]


def test_a_revoked_key_opens_nothing(address: str) -> None:
    """And the list says since when."""
    made = json.loads(keys("create", "ci", "--json").stdout)
    assert keys("revoke", made["id"]).exit_code == 0
    with closing(open_store(address)) as store:
        assert store.authenticate(made["key"]) is None
    assert "revoked" in keys("list").stdout
    assert json.loads(keys("revoke", made["id"], "--json").stdout)["revoked"] is not None


def test_making_and_ending_a_key_is_in_the_audit_log_of_its_tenant(address: str) -> None:
    """With its name and scopes, and never its secret; ending it again adds nothing."""
    made = json.loads(keys("create", "ci", "--tenant", "acme", "--json").stdout)
    for _ in range(2):
        assert keys("revoke", made["id"]).exit_code == 0
    with closing(open_store(address)) as store:
        links = store.audit_log("acme").items
        assert store.verify_audit("acme").broken is None
    assert [(link.action, link.object) for link in links] == [
        ("key.revoke", made["id"]),
        ("key.create", made["id"]),
    ]
    assert {link.actor for link in links} == {"command-line"}
    assert "user" in links[1].detail
    assert (links[1].detail["name"], links[1].detail["scopes"]) == ("ci", ["read", "solve"])
    assert made["key"][-43:] not in str(links)


@pytest.mark.usefixtures("address")
@pytest.mark.parametrize(
    "words",
    [
        ("revoke", "key_unknown"),
        ("create", ""),
        ("create", "x", "--tenant", "no spaces"),
        ("create", "x", "--scope", "root"),
        ("create", "x", "--days", "0"),
        ("create", "x", "--days", "nan"),
        ("create", "x", "--days", "1e300"),
        ("list", "--database-url", "nonsense"),
        ("list", "--database-url", "mysql://u:hidden@h/d"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(words: tuple[str, ...]) -> None:
    """Exit code 2, with a message that shows no password."""
    done = keys(*words)
    assert done.exit_code == 2
    assert done.stderr
    assert "hidden" not in done.output


def test_a_database_that_does_not_answer_is_said_so() -> None:
    """Without a traceback."""
    done = keys("list", "--database-url", "postgresql://u:hidden@127.0.0.1:1/d")
    assert done.exit_code == 70
    assert "does not answer" in done.stderr
    assert "hidden" not in done.output


@pytest.mark.usefixtures("address")
def test_an_empty_list_says_so() -> None:
    """On stderr: stdout is for results."""
    done = keys("list")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no keys" in done.stderr
