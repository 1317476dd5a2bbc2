"""What several routes share."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from starlette.exceptions import HTTPException

JSON = "application/json"

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=500,
        description="`ETag` of what is to be replaced; 412 where it is not the latest. Without "
        "it the latest is replaced, whatever it is.",
    ),
]
IfNoneMatch = Annotated[
    str | None, Header(alias="If-None-Match", max_length=500, description="An `ETag` seen before.")
]

METHODS = frozenset({"DELETE", "GET", "PATCH", "POST", "PUT"})


def named_tags(match: str | None) -> list[str] | None:
    """Return the tags of an ``If-Match``; None where it lets anything be replaced."""
    if match is None or match.strip() == "*":
        return None
    return [tag.strip() for tag in match.split(",")]


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
