"""Files for browsers are those that were published, and carry their licences."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

import pytest

from pmo_optimizer.assets import Asset, asset_bytes, asset_hash, assets


@pytest.mark.parametrize("item", assets(), ids=lambda item: item.file)
def test_every_file_has_the_hash_of_the_lock(item: Asset) -> None:
    """A file that somebody changed, or that was cut, is noticed."""
    assert hashlib.sha256(asset_bytes(item.file)).hexdigest() == item.sha256


@pytest.mark.parametrize("item", assets(), ids=lambda item: item.file)
def test_every_file_carries_its_licences(item: Asset) -> None:
    """Each file has its licence text, and those of what it holds from others."""
    assert item.licence
    for name in item.licence_files:
        assert len(asset_bytes(name)) > 400


def test_no_file_is_there_that_the_lock_does_not_name() -> None:
    """Nothing lies in the folder of which nobody knows where it is from."""
    folder = resources.files("pmo_optimizer.assets") / "vendor"
    there = {item.name for item in folder.iterdir() if item.is_file()}
    texts = {f"licences/{item.name}" for item in (folder / "licences").iterdir()}
    assert there == {item.file for item in assets()}
    assert texts == {name for item in assets() for name in item.licence_files}


def test_what_the_lock_does_not_name_is_not_read() -> None:
    """The loader gives out named files only, whatever path it is asked for."""
    for name in ("../__init__.py", "vendor.lock", "licences", "", "vega.min.js/.."):
        with pytest.raises(KeyError):
            asset_bytes(name)


def test_hashes_are_those_that_browsers_compute() -> None:
    """The attribute `integrity` is the SHA-384 of the bytes, in base 64."""
    kind, _, text = asset_hash("htmx.min.js").partition("-")
    assert kind == "sha384"
    assert base64.b64decode(text) == hashlib.sha384(asset_bytes("htmx.min.js")).digest()
