"""Studies on a Dask cluster: an executor on its workers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pmo_optimizer import Unsupported

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10.0
"""How long to wait for a scheduler."""

HOW = "install pmo-optimizer with its extra `dask`: pip install 'pmo-optimizer[dask]'"


class ClusterError(Unsupported):
    """No cluster can be reached; the message says why and what to do."""


@contextmanager
def cluster(where: str | Client | None) -> Iterator[Executor | None]:
    """Return an executor on a Dask cluster, as a context manager; none for None.

    Dask gives the solves of a worker that dies to another one. A stop reaches workers on this
    machine; elsewhere what runs goes on to its limit, and only what waits is left out.

    Parameters
    ----------
    where
        Address of a scheduler, as ``tcp://host:8786``; or a client, which stays open. Workers
        have the same version of pmo-optimizer, and one thread each: a solve has threads of its
        own.

    Raises
    ------
    ClusterError
        Dask is not installed, or no scheduler answers at the address.

    Examples
    --------
    >>> with cluster(None) as executor:
    ...     executor is None
    True
    """
    if where is None:
        yield None
        return
    if not isinstance(where, str):
        yield where.get_executor()
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(f"Dask is not installed: {HOW}") from error
    try:
        client = Client(where, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {where}: {error}; start one with `dask scheduler`"
        ) from error
    with client:
        yield client.get_executor()
