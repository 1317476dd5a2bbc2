"""Forms with a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from pmo_optimizer.service.auth import Scope
from pmo_optimizer.service.problems import ProblemError
from pmo_optimizer.web.text import text
from pmo_optimizer.web.visitors import (
    CSRF_FIELD,
    CSRF_HEADER,
    Visitor,
    require_csrf,
    visitor_of,
)

FILE_FIELD = "file"
"""Field of the form that holds the file."""

MULTIPART = "multipart/form-data"

MOST_FIELDS = 4
MOST_FIELD_BYTES = 1024
LONGEST_NAME = 120


@dataclass(frozen=True)
class SentFile:
    """A file that a visitor sent from a page of this service."""

    visitor: Visitor
    name: str
    content: bytes = field(repr=False)


async def file_form(request: Request, visitor: Annotated[Visitor, Depends(visitor_of)]) -> SentFile:
    """Return the file of a form, sent by a visitor with the scope ``solve`` and its CSRF token.

    Its size is limited like that of every body.

    Raises
    ------
    SignInNeeded
        Nobody is signed in.
    ProblemError
        403 without the token or the scope, 415 where the body is no form with a file, 400 where
        there is no file in it, 413 where it is too large.
    HTTPException
        400 where the form cannot be read.
    """
    visitor.caller.require(Scope.SOLVE)
    given = request.headers.get(CSRF_HEADER, "")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MULTIPART or request.headers.get("content-encoding", "identity") != "identity":
        require_csrf(visitor, given)
        raise ProblemError(415, "unsupported-media-type", text("upload.form"))
    async with request.form(
        max_files=1, max_fields=MOST_FIELDS, max_part_size=MOST_FIELD_BYTES
    ) as form:
        token = form.get(CSRF_FIELD)
        require_csrf(visitor, given or (token if isinstance(token, str) else ""))
        file = form.get(FILE_FIELD)
        if not isinstance(file, UploadFile) or not file.filename:
            raise ProblemError(400, "bad-request", text("upload.missing"))
        return SentFile(visitor, plain_name(file.filename), await file.read())


def plain_name(given: str) -> str:
    """Return the name of a file as it may be shown and stored: without folders, and short."""
    name = PurePosixPath(given.replace("\\", "/")).name
    kept = "".join(char for char in name if char.isprintable())
    # The ending says what the file is.
    return kept[-LONGEST_NAME:] or "file"


FileForm = Annotated[SentFile, Depends(file_form)]
