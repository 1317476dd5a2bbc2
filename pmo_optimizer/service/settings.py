"""Settings of the service, read from the environment: every name begins with ``PMO_``.

A secret may also come from a file: ``PMO_DATABASE_URL_FILE`` names one that holds the address.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError

from pmo_optimizer.service.runs.limits import LEAST_MEMORY, Limits

PREFIX = "PMO_"
"""What every variable begins with."""

SECRETS = ("database_url",)
"""Settings that may be given in a file: ``PMO_<NAME>_FILE``."""

BEATS_TO_STALE = 3
"""Heartbeats that must fit into the silence after which a runner counts as lost."""

ELSEWHERE = frozenset({"PMO_DATA", "PMO_OPTIMIZER_TRACEBACK"})
"""Variables that are no settings of the service, though they begin as these do."""

LARGEST_SECRET = 64 * 1024
"""Bytes of a file that holds a secret."""

MIB = 1024 * 1024

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
"""Names by which a browser on the same machine reaches the service."""


def data_folder() -> Path:
    """Return the folder in which the user's programs keep their data; it may not exist yet."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "pmo-optimizer"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "pmo-optimizer"
    share = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(share) / "pmo-optimizer"


def default_database() -> str:
    """Return the address of the SQLite file in the user's data folder."""
    return f"sqlite:///{data_folder() / 'service.db'}"


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address; names other than localhost do not."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return False


def _names(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _split(value: object) -> object:
    return _names(value) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""Names with commas between them."""


class _FileSource(PydanticBaseSettingsSource):
    """Reads secrets from the files that the environment names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return _secret(os.environ, field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: _secret(os.environ, name) for name in SECRETS}
        return {name: text for name, text in found.items() if text is not None}


def _secret(environment: Mapping[str, str], name: str) -> str | None:
    variable = f"{PREFIX}{name.upper()}"
    path = environment.get(f"{variable}_FILE")
    if path is None:
        return None
    if variable in environment:
        raise SettingsError(f"set {variable} or {variable}_FILE, not both")
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(LARGEST_SECRET).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the file that {variable}_FILE names cannot be read") from error
    return text


def unknown_names(environment: Mapping[str, str]) -> list[str]:
    """Return the variables that look like settings and are none: misspelt ones, most likely.

    Parameters
    ----------
    environment
        Such as `os.environ`.
    """
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    known |= {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS} | ELSEWHERE
    return sorted(
        name
        for name in environment
        if name.upper().startswith(PREFIX)
        and name.upper() not in known
        and not name.upper().startswith(f"{PREFIX}TEST_")
    )


class Settings(BaseSettings):
    """How the service runs.

    Attributes
    ----------
    database_url
        Where everything is kept: ``sqlite:///file`` or ``postgresql+psycopg://...``; a SQLite
        file in the user's data folder by default. It may hold a password and is never shown.
    host, port
        Address to listen on.
    require_keys
        Refuse requests without an API key, on this machine too. Always so on an address that
        others reach, and with a name of another machine in `allowed_hosts`.
    allowed_hosts
        Names in ``Host`` beside those of this machine and of the address, ``*`` for any; commas
        between.
    allowed_origins
        Origins, as ``https://board.example``, whose pages may write; commas between.
    body_limit
        Most bytes of a request.
    heavy
        Most checks of portfolios, scenarios and plans at the same time; each takes a processor.
    large_bodies
        Most requests at the same time with a body above 1 MiB.
    streams
        Most event streams and waits for runs that a tenant has open.
    queued, running
        Most runs of a tenant that wait, and that run at the same time.
    spares
        Processes that wait, loaded, while somebody uses the workshop of the page: 0 or 1.
    time_limit
        Most seconds that a run may ask for.
    workers
        Most threads of one run.
    memory_mb
        Memory of one run in MiB.
    heartbeat_seconds, stale_seconds
        How often a runner says that it lives, and after which silence its runs are given to
        another: at least three times as long.
    stop_grace, kill_grace
        Seconds from asking a solver to stop until SIGTERM, and from there until SIGKILL.
    sse_heartbeat
        Seconds between comments on a silent event stream.
    progress_interval
        Least seconds between two events of progress of a run.
    queue_timeout
        Seconds that a run may wait in the queue; then it fails.
    max_attempts
        How often a run is started when its process or its runner is lost.
    log_level
        Least level of what is logged.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    database_url: str = Field(default_factory=default_database, repr=False)
    host: str = "127.0.0.1"
    port: int = Field(8765, ge=0, le=65535)
    require_keys: bool = False
    allowed_hosts: Names = ()
    allowed_origins: Names = ()
    body_limit: int = Field(10 * MIB, ge=1024, le=1024 * MIB)
    heavy: int = Field(4, ge=1, le=32)
    large_bodies: int = Field(8, ge=1)
    streams: int = Field(100, ge=1)
    queued: int = Field(100, ge=1)
    running: int = Field(2, ge=1)
    spares: int = Field(1, ge=0, le=1)
    time_limit: float = Field(3600.0, gt=0, le=7 * 86400)
    workers: int = Field(8, ge=1, le=1024)
    memory_mb: int = Field(4096, ge=LEAST_MEMORY)
    heartbeat_seconds: float = Field(5.0, gt=0)
    stale_seconds: float = Field(30.0, gt=0, validate_default=True)
    stop_grace: float = Field(4.0, ge=0)
    kill_grace: float = Field(2.0, ge=0)
    sse_heartbeat: float = Field(15.0, gt=0)
    progress_interval: float = Field(0.5, ge=0)
    queue_timeout: float = Field(86400.0, gt=0)
    max_attempts: int = Field(3, ge=1, le=100)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("stale_seconds")
    @classmethod
    def _longer_than_beats(cls, value: float, info: ValidationInfo) -> float:
        """Refuse a silence in which a runner that lives may not have said so."""
        least = BEATS_TO_STALE * float(info.data.get("heartbeat_seconds", 0.0))
        if value < least:
            raise ValueError(f"must be at least {least:g}, three times PMO_HEARTBEAT_SECONDS")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read what the caller says, then the environment, then files; never ``.env``."""
        return init_settings, env_settings, _FileSource(settings_cls)

    @property
    def limits(self) -> Limits:
        """What one run may use."""
        return Limits(self.time_limit, self.workers, self.memory_mb)

    @property
    def embedded(self) -> bool:
        """Whether ``serve`` runs solves itself: on SQLite, which other hosts cannot share."""
        return self.database_url.startswith("sqlite")

    @property
    def local(self) -> bool:
        """Whether only this machine reaches the address."""
        return is_loopback(self.host)

    @property
    def published(self) -> bool:
        """Whether others may reach the service: at its address, or by a name through a proxy."""
        return not all(is_loopback(name) for name in (self.host, *self.allowed_hosts))

    @property
    def keyed(self) -> bool:
        """Whether every request needs a key: always so where others may reach the service."""
        return self.require_keys or self.published

    @property
    def host_names(self) -> frozenset[str]:
        """Names that a request may give as its ``Host``, in lower case."""
        named = {self.host.strip("[]"), *LOCAL_HOSTS, *self.allowed_hosts}
        return frozenset(name.lower() for name in named)
