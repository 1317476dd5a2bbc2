"""The server around the application: what it listens on, and how it ends."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from pmo_optimizer.service.dependencies import Service
from pmo_optimizer.service.settings import Settings, is_loopback

PATIENCE_SECONDS = 10
"""How long requests may go on once the service is asked to end."""

BACKLOG = 2048


class PublicWithoutKeys(ValueError):
    """The service would listen where others reach it, and ask nobody for a key."""


class Server(uvicorn.Server):
    """Ends event streams when it is asked to end: they would keep it waiting."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, end event streams, finish requests, then stop runs by the lifespan."""
        app = self.config.app
        service = getattr(app.state, "service", None) if isinstance(app, FastAPI) else None
        if isinstance(service, Service):
            service.feeds.close()
        await super().shutdown(sockets)


def make_server(app: FastAPI) -> Server:
    """Return the server of an application; it does not trust what proxies say of addresses."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=PATIENCE_SECONDS,
    )
    return Server(config)


def bind(settings: Settings) -> socket.socket:
    """Return the socket to listen on.

    Raises
    ------
    OSError
        The address or the port cannot be had.
    PublicWithoutKeys
        Others reach what the address turned out to be, and no keys are required.
    """
    host = settings.host.strip("[]")
    found = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = found[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        if not settings.require_keys and not is_loopback(str(made.getsockname()[0])):
            raise PublicWithoutKeys(f"{settings.host} is not this machine only")
        made.listen(BACKLOG)
    except (OSError, PublicWithoutKeys):
        made.close()
        raise
    return made
