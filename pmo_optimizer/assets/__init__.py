"""Files for browsers, from others: kept here as they were published, with hashes and licences.

``vendor.lock`` says of each file which package it is from, at which version, under which licence,
and what its SHA-256 is. Nothing is built and nothing is fetched.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

__all__ = ["Asset", "asset_bytes", "asset_hash", "assets"]


@dataclass(frozen=True, slots=True)
class Asset:
    """One file and where it is from.

    Attributes
    ----------
    name, version
        The package, as its registry calls it.
    file
        Name of the file here.
    sha256
        Its hash, in hex.
    licence
        SPDX identifier of the package's licence.
    licence_files
        Texts of the licences, also of what the file holds from other packages.
    package, integrity
        The npm package, as name@version, and the hash that npm gives of it.
    path
        Place of the file in the package.
    """

    name: str
    version: str
    file: str
    sha256: str
    licence: str
    licence_files: tuple[str, ...]
    package: str
    integrity: str
    path: str


def _folder() -> Traversable:
    return resources.files("pmo_optimizer.assets")


@cache
def assets() -> tuple[Asset, ...]:
    """Return what ``vendor.lock`` says of every file."""
    found = json.loads(_folder().joinpath("vendor.lock").read_text("utf-8"))["files"]
    return tuple(Asset(**{**item, "licence_files": tuple(item["licence_files"])}) for item in found)


def asset_bytes(name: str) -> bytes:
    """Return a file, such as ``vega.min.js``, or a licence, such as ``licences/vega.txt``.

    Raises
    ------
    KeyError
        There is no such file; names are those of ``vendor.lock``.
    """
    known = {file for item in assets() for file in (item.file, *item.licence_files)}
    if name not in known:
        raise KeyError(name)
    return _folder().joinpath("vendor", *name.split("/")).read_bytes()


@cache
def asset_hash(name: str) -> str:
    """Return the hash of a file in the form of the attribute ``integrity``.

    Raises
    ------
    KeyError
        There is no such file.
    """
    digest = hashlib.sha384(asset_bytes(name)).digest()
    return "sha384-" + base64.b64encode(digest).decode("ascii")
