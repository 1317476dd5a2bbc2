"""Files that mean harm, or are no workbooks: one clear error each, and no more."""

from __future__ import annotations

import functools
import io
import random
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from pmo_optimizer.formats.workbook import LIMITS, Reading, read
from pmo_optimizer.formats.workbook.container import OLE
from pmo_optimizer.formats.workbook.sandbox import annotated_safely, read_safely
from tests.unit.formats.books import (
    edited,
    part,
    part_of,
    repacked,
    small,
    small_book,
    with_sheet_xml,
)

MIB = 1024 * 1024

PATIENT = 120.0
"""Seconds for a process on a busy machine; what it may use of a processor is less."""


def rules(reading: Reading) -> list[str]:
    """Return the rules of the errors; the workbook must have no portfolio."""
    assert reading.portfolio is None
    return [finding.rule for finding in reading.findings if finding.severity.value == "error"]


def zipped(parts: dict[str, bytes]) -> bytes:
    """Return a zip file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream.getvalue()


def encrypted(content: bytes) -> bytes:
    """Return a zip file whose directory says that its parts are encrypted."""
    out = bytearray(content)
    position = out.find(b"PK\x01\x02")
    while position >= 0:
        out[position + 8] |= 1
        position = out.find(b"PK\x01\x02", position + 4)
    return bytes(out)


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'


@functools.cache
def hostile() -> dict[str, tuple[bytes, str]]:
    """Return files with the rule that is found in each, by name."""
    book = small_book()
    sheet = part_of(book, "Phases")
    return {
        "empty": (b"", "workbook-broken"),
        "text": (b"calendar: {}", "workbook-broken"),
        "ole": (OLE + bytes(2000), "workbook-encrypted"),
        "encrypted parts": (encrypted(book), "workbook-encrypted"),
        "cut": (book[: len(book) // 2], "workbook-broken"),
        "no workbook": (zipped({"a.txt": b"x"}), "workbook-broken"),
        "no content types": (repacked(book, {"[Content_Types].xml": None}), "workbook-broken"),
        "odd content types": (repacked(book, {"[Content_Types].xml": b"<a/>"}), "workbook-broken"),
        "no workbook part": (repacked(book, {"xl/workbook.xml": None}), "workbook-broken"),
        "odd workbook part": (repacked(book, {"xl/workbook.xml": b"<a/>"}), "workbook-shape"),
        "broken sheet": (repacked(book, {sheet: b"<worksheet><she"}), "workbook-broken"),
        "broken styles": (repacked(book, {"xl/styles.xml": b"<x"}), "workbook-broken"),
        "macros": (repacked(book, {"xl/vbaProject.bin": b"x"}), "workbook-macros"),
        "links": (
            repacked(book, {"xl/externalLinks/externalLink1.xml": b"<x/>"}),
            "workbook-external-links",
        ),
        "entities": (repacked(book, {sheet: ENTITIES}), "workbook-entities"),
        "entities elsewhere": (repacked(book, {"custom/a.xml": ENTITIES}), "workbook-entities"),
        "utf-16": (
            repacked(book, {sheet: ENTITIES.decode().encode("utf-16")}),
            "workbook-broken",
        ),
        "other encoding": (
            repacked(book, {sheet: b'<?xml version="1.0" encoding="utf-7"?><a/>'}),
            "workbook-broken",
        ),
        "zip bomb": (repacked(book, {"xl/media/a.bin": bytes(40 * MIB)}), "workbook-bomb"),
        "large styles": (
            repacked(book, {"xl/styles.xml": random.Random(1).randbytes(17 * MIB)}),
            "workbook-bomb",
        ),
        "twice": (_twice(book, sheet), "workbook-broken"),
        "bzip2": (repacked(book, {}, method=zipfile.ZIP_BZIP2), "workbook-broken"),
        "many parts": (
            repacked(book, {f"xl/x{n}.xml": b"<a/>" for n in range(2001)}),
            "workbook-too-large",
        ),
        "no number of a style": (
            with_sheet_xml(book, "Phases", b'<c r="A2" s="', b'<c r="A2" s="x'),
            "workbook-broken",
        ),
        "no such text": (
            with_sheet_xml(book, "Phases", b"<v>3</v>", b"<v>3</v></c><c t='s'><v>9999999</v>"),
            "workbook-broken",
        ),
        "a number that is none": (
            with_sheet_xml(book, "Phases", b"<v>3</v>", b"<v>3,5</v>"),
            "workbook-broken",
        ),
    }


def _twice(book: bytes, name: str) -> bytes:
    stream = io.BytesIO(book)
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(name, b"<worksheet/>")
    return stream.getvalue()


@pytest.mark.parametrize("name", list(hostile()))
def test_each_is_refused_with_one_error(name: str) -> None:
    """A file that means harm, or is no workbook, gives one error that says what it is."""
    content, rule = hostile()[name]
    assert rules(read(content)) == [rule]


def test_what_is_too_large_is_not_even_read(tmp_path: Path) -> None:
    """Of a file of 50 MB no more than the limit is read, and it is refused by its size."""
    path = tmp_path / "large.xlsx"
    with path.open("wb") as stream:
        stream.write(b"PK\x03\x04")
        stream.truncate(50 * MIB)
    assert rules(read(path)) == ["workbook-too-large"]
    assert rules(read_safely(path.read_bytes())) == ["workbook-too-large"]


@pytest.mark.parametrize(
    "limits",
    [
        replace(LIMITS, cells=50),
        replace(LIMITS, strings=20),
        replace(LIMITS, parts=10),
        replace(LIMITS, area=30),
        replace(LIMITS, bytes=1000),
    ],
    ids=str,
)
def test_each_limit_holds(limits: object) -> None:
    """A workbook beyond a limit is refused, one within all of them is read."""
    assert isinstance(limits, type(LIMITS))
    assert rules(read(small_book(), limits=limits)) == ["workbook-too-large"]
    assert read(small_book()).portfolio == small()


def test_cells_without_a_place_stand_behind_each_other() -> None:
    """A sheet whose cells do not say where they are is read all the same."""
    import re

    book = small_book()
    name = part_of(book, "Phases")
    bare = re.sub(rb'<c r="[A-Z]+\d+"', b"<c", part(book, name))
    reading = read(repacked(book, {name: bare}))
    assert reading.portfolio is None or reading.portfolio == small()


def test_empty_cells_far_away_cost_nothing() -> None:
    """Formats of whole columns and rows, which hold no value, are passed over."""
    far = (
        b'<row r="9"><c r="A9" s="1"/><c r="XFD9" s="1"/></row><row r="1048576"></row></sheetData>'
    )
    content = with_sheet_xml(small_book(), "Phases", b"</sheetData>", far)
    assert read(content).portfolio == small()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|'/c calc'!A0"])
def test_texts_that_look_like_formulas_stay_texts(text: str) -> None:
    """A text that begins like a formula is written and read as a text, and never as a formula."""
    from pmo_optimizer.formats.workbook import written

    portfolio = small().model_copy(update={"name": text})
    content = written(portfolio)
    assert b"<f>" not in part(content, part_of(content, "Settings"))
    assert read(content).portfolio == portfolio
    assert read(edited(content, {})).portfolio == portfolio


def test_damaged_files_never_get_through_to_the_user() -> None:
    """Bytes that are changed at random give a portfolio or errors, and no exception."""
    dice = random.Random(7)
    book = small_book()
    outcomes = set()
    for _ in range(40):
        content = bytearray(book)
        for _ in range(dice.choice((1, 5, 50))):
            content[dice.randrange(len(content))] = dice.randrange(256)
        outcomes.add(read(bytes(content)).portfolio is not None)
    assert outcomes <= {True, False}
    assert False in outcomes


def test_damaged_xml_never_gets_through_to_the_user() -> None:
    """Characters of the XML of parts that are changed at random give no exception either."""
    dice = random.Random(11)
    book = small_book()
    names = ["xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml", part_of(book, "Phases")]
    for _ in range(40):
        name = dice.choice(names)
        text = bytearray(part(book, name))
        for _ in range(3):
            place = dice.randrange(len(text))
            text[place : place + dice.randrange(3)] = dice.choice(
                (b"<", b">", b'"', b"&", b"9", b"x", b"/>", b"<a>", b"-1", b"")
            )
        reading = read(repacked(book, {name: bytes(text)}))
        assert reading.portfolio is not None or reading.findings


def test_a_process_of_its_own_says_the_same() -> None:
    """What a process with little memory reads is what is read here, findings included."""
    content = edited(small_book(), {"Phases!F2": "three"})
    safe = read_safely(content, seconds=PATIENT)
    assert safe.located == read(content).located
    sound = read_safely(small_book(), seconds=PATIENT)
    assert sound.portfolio == small()
    assert [item.where for item in sound.located] == ["Skills!A3"]


def test_a_process_of_its_own_makes_the_copy_with_comments() -> None:
    """The copy is made there as well, and is a workbook that says the same."""
    content = edited(small_book(), {"Phases!F2": "three"})
    reading, copy = annotated_safely(content, seconds=PATIENT)
    assert copy is not None
    assert read(copy).located == reading.located


def test_time_and_memory_of_the_process_are_limited() -> None:
    """A file that takes too much of either is an error, and the process is gone."""
    assert rules(read_safely(small_book(), seconds=0.001)) == ["workbook-too-costly"]
    if sys.platform == "linux":
        found = rules(read_safely(small_book(), seconds=PATIENT, memory_mib=64))
        assert found == ["workbook-too-costly"]
