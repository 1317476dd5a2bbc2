"""What several routes share."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.exceptions import HTTPException

JSON = "application/json"

METHODS = frozenset({"DELETE", "GET", "PATCH", "POST", "PUT"})


def not_modified(known: str | None, tag: str) -> bool:
    """Return whether a client that sends these tags in ``If-None-Match`` has this one."""
    if known is None:
        return False
    tags = [part.strip().removeprefix("W/") for part in known.split(",")]
    return tag in tags or tags == ["*"]


def refuse_methods(router: APIRouter, path: str, *, allowed: str) -> None:
    """Answer other methods on a fixed path by 405, where a path with an id would take them."""

    def refuse() -> None:
        """Refuse the method."""
        raise HTTPException(405, headers={"Allow": allowed})

    router.add_api_route(path, refuse, methods=sorted(METHODS - {allowed}), include_in_schema=False)
