"""Files that pages load: ours and vendored ones, under addresses that change with their content."""

from __future__ import annotations

import base64
import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib import resources

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pmo_optimizer.assets import asset_bytes, assets

router = APIRouter()

FOREVER = "public, max-age=31536000, immutable"
"""The address of a file names its content, which therefore never changes."""

NAME_DIGITS = 16
"""Hex digits of the hash in an address."""


@dataclass(frozen=True)
class StaticFile:
    """A file that pages load.

    Attributes
    ----------
    url
        Its address, with a part of its hash.
    integrity
        What browsers check it by.
    """

    name: str
    url: str
    integrity: str
    media_type: str
    content: bytes
    packed: bytes


@cache
def static_files() -> dict[str, StaticFile]:
    """Return every file by name."""
    own = resources.files("pmo_optimizer.web").joinpath("static")
    found = {item.name: item.read_bytes() for item in own.iterdir() if item.is_file()}
    found |= {item.file: asset_bytes(item.file) for item in assets()}
    return {name: _file(name, content) for name, content in found.items()}


def _file(name: str, content: bytes) -> StaticFile:
    part = hashlib.sha256(content).hexdigest()[:NAME_DIGITS]
    digest = base64.b64encode(hashlib.sha384(content).digest()).decode("ascii")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    charset = "; charset=utf-8" if kind.startswith("text/") else ""
    packed = gzip.compress(content, 6, mtime=0)
    return StaticFile(
        name, f"/static/{part}/{name}", f"sha384-{digest}", kind + charset, content, packed
    )


@router.get("/static/{part}/{name}")
def static(request: Request, part: str, name: str) -> Response:
    """Give a file; without a session, as there is nothing of anybody in it."""
    found = static_files().get(name)
    if found is None or found.url != f"/static/{part}/{name}":
        raise HTTPException(404)
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(found.packed, headers=headers, media_type=found.media_type)
    return Response(found.content, headers=headers, media_type=found.media_type)


@router.get("/favicon.ico")
def icon() -> Response:
    """Send browsers that ask for it to the icon."""
    return Response(status_code=308, headers={"Location": static_files()["icon.svg"].url})
