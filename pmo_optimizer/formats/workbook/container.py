"""The file around a workbook: a zip of XML parts, judged before any of it is parsed."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from pmo_optimizer.model import Finding, InvalidInput, Severity

OLE = bytes.fromhex("D0CF11E0A1B11AE1")
"""Beginning of encrypted workbooks, and of those in the format before 2007."""

CHUNK = 1 << 20

LONGEST_TAG = 4096
"""Bytes of a tag at most that is kept whole for the next piece."""

DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST)", re.IGNORECASE)
ENCODING = re.compile(rb"<\?xml[^>]*?encoding=[\"']([^\"']+)[\"']")
CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])[^>]*>")
PLACE = re.compile(rb"\br=[\"']([A-Za-z]{1,8})(\d{1,12})[\"']")
FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*?\bref=[\"']([A-Z0-9:$]{1,40})[\"']")
STRING = re.compile(rb"<(?:\w+:)?(?:si|r|rPh)[\s/>]")

XML_ENDS = (".xml", ".rels", ".vml")
SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml")
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
MEDIA = "xl/media/"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a workbook is read.

    Attributes
    ----------
    bytes
        Size of the file.
    expanded, texts, part
        Bytes of all parts, of the list of texts, and of each other part but the sheets, once they
        are unpacked.
    ratio
        Most times that a part of more than a megabyte may grow when it is unpacked.
    parts
        Number of files in the zip.
    cells, strings
        Number of cells with content in all sheets, and of different texts and pieces of them.
    rows, columns, area
        Last row and column in which something may stand, and most of one times the other.
    merged
        Number of merged ranges of a sheet that are listed.
    """

    bytes: int = 24 * 1024 * 1024
    expanded: int = 128 * 1024 * 1024
    part: int = 4 * 1024 * 1024
    texts: int = 32 * 1024 * 1024
    ratio: int = 250
    parts: int = 2000
    cells: int = 400_000
    strings: int = 100_000
    rows: int = 50_001
    columns: int = 1000
    area: int = 10_000_000
    merged: int = 1000


LIMITS = Limits()


@dataclass
class Scan:
    """What a part says before it is parsed.

    Attributes
    ----------
    cells
        Number of cells with content.
    formulas
        Whether there is a formula.
    last_row, last_column
        Of the cells with content.
    unplaced
        Whether a cell does not say where it is: it stands behind the one before.
    far
        A cell with content beyond the limits, if there is one.
    merged
        Ranges of merged cells.
    """

    cells: int = 0
    formulas: bool = False
    last_row: int = 0
    last_column: int = 0
    unplaced: bool = False
    far: str = ""
    merged: list[str] = field(default_factory=list)


def refused(rule: str, message: str, fix: str, path: str = "workbook") -> InvalidInput:
    """Return an InvalidInput with one error about the file."""
    return InvalidInput((Finding(Severity.ERROR, rule, path, message, fix),))


def broken(what: str) -> InvalidInput:
    """Return the error of a file that is damaged, or no workbook at all."""
    return refused(
        "workbook-broken",
        f"The file is no workbook that can be read: {what}.",
        "Open it in Excel or LibreOffice, and save it as .xlsx.",
    )


def inspect(content: bytes, limits: Limits = LIMITS) -> dict[str, Scan]:
    """Return what each part says, by its name.

    Raises
    ------
    InvalidInput
        The file is too large, packed too tightly, encrypted, damaged, or holds macros, external
        links or what an XML parser must not see.
    """
    if len(content) > limits.bytes:
        raise refused(
            "workbook-too-large",
            f"The file has {len(content):,} bytes; at most {limits.bytes:,} are read.",
            "Leave out sheets, pictures and rows that are not needed.",
        )
    if content.startswith(OLE):
        raise refused(
            "workbook-encrypted",
            "The file is encrypted, or a workbook in the format of before 2007 (.xls).",
            "Remove the password, and save it as .xlsx.",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _judge(archive, limits)
            return _scanned(archive, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise broken(str(error)[:100] or "it is damaged") from error
    except InvalidInput:
        raise
    except (NotImplementedError, ValueError, OverflowError, LookupError) as error:
        raise broken(str(error)[:100]) from error


def _judge(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Refuse a zip by what its directory says."""
    parts = archive.infolist()
    if len(parts) > limits.parts:
        raise refused(
            "workbook-too-large",
            f"The file holds {len(parts):,} parts; at most {limits.parts:,} are read.",
            "Copy the sheets into a new workbook.",
        )
    names = [part.filename for part in parts]
    lower = [name.lower() for name in names]
    if len(set(lower)) < len(lower):
        raise broken("it holds a part twice")
    if any(part.flag_bits & 0x1 for part in parts):
        raise refused(
            "workbook-encrypted", "Parts of the file are encrypted.", "Remove the password."
        )
    if any("vbaproject" in name or "/macrosheets/" in name for name in lower):
        raise refused(
            "workbook-macros",
            "The workbook holds macros.",
            "Save it as .xlsx, which has none.",
        )
    if any("externallinks/" in name for name in lower):
        raise refused(
            "workbook-external-links",
            "The workbook has links to other workbooks.",
            "Break the links (Data, Edit links), so that the values stand in this file.",
        )
    if "[content_types].xml" not in lower:
        raise broken("it is a zip file, but holds no workbook")
    for part in parts:
        _judge_part(part, limits)
    expanded = sum(part.file_size for part in parts)
    if expanded > limits.expanded:
        raise _bomb(f"it unpacks to {expanded:,} bytes; at most {limits.expanded:,} are read")


def _judge_part(part: zipfile.ZipInfo, limits: Limits) -> None:
    if part.compress_type not in METHODS:
        raise broken(f"{part.filename[:60]} is packed in a way that workbooks do not use")
    if part.file_size > CHUNK and part.file_size > limits.ratio * max(part.compress_size, 1):
        raise _bomb(f"{part.filename[:60]} grows more than {limits.ratio} times when unpacked")
    if SHEET_PART.fullmatch(part.filename) or not part.filename.endswith(XML_ENDS):
        return
    most = limits.texts if part.filename.endswith("sharedStrings.xml") else limits.part
    if part.file_size > most:
        raise _bomb(f"{part.filename[:60]} has {part.file_size:,} bytes; at most {most:,} are read")


def _bomb(what: str) -> InvalidInput:
    return refused(
        "workbook-bomb",
        f"The file is packed too tightly: {what}.",
        "Copy the sheets that are needed into a new workbook.",
    )


def _scanned(archive: zipfile.ZipFile, limits: Limits) -> dict[str, Scan]:
    """Look through every part: which ones are sheets is said by parts that anybody may write."""
    scans: dict[str, Scan] = {}
    strings = 0
    for part in archive.infolist():
        scan = scans.setdefault(part.filename, Scan())
        others = sum(known.cells for known in scans.values()) - scan.cells
        for text in _pieces(archive, part):
            if DECLARED.search(text) and not part.filename.startswith(MEDIA):
                raise _declares(part.filename)
            _scan(text, scan, limits)
            strings += sum(1 for _ in STRING.finditer(text))
            wide = scan.last_row * scan.last_column > limits.area
            if others + scan.cells > limits.cells or strings > limits.strings or wide:
                raise refused(
                    "workbook-too-large",
                    f"The workbook has more than {limits.cells:,} cells, or more than "
                    f"{limits.strings:,} different texts.",
                    "Leave out what is not needed; a portfolio has far fewer.",
                )
    return scans


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a part piece by piece; no tag is cut in two, unless it is very long."""
    rest = b""
    with archive.open(part) as stream:
        new = stream.read(CHUNK)
        if part.filename.endswith(XML_ENDS):
            _refuse_encoding(part.filename, new)
        while new:
            text = rest + new
            cut = text.rfind(b"<", max(0, len(text) - LONGEST_TAG))
            whole = len(text) if cut < 0 or text.find(b">", cut) >= 0 else cut
            yield text[:whole]
            rest = text[whole:]
            new = stream.read(CHUNK)
    yield rest


def _refuse_encoding(name: str, begin: bytes) -> None:
    """Refuse a part that is not in UTF-8: what it declares could not be seen."""
    found = ENCODING.search(begin[:400])
    declared = found[1].decode("ascii", "replace").lower() if found else "utf-8"
    if begin[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in begin[:64]:
        declared = "utf-16"
    if declared not in {"utf-8", "utf8", "us-ascii", "ascii"}:
        raise broken(f"{name[:60]} is in {declared[:20]}, where UTF-8 is expected")


def _declares(name: str) -> InvalidInput:
    return refused(
        "workbook-entities",
        f"{name[:60]} declares entities or a document type, which no workbook needs.",
        "Open the file in Excel or LibreOffice, and save it again.",
    )


def _scan(text: bytes, scan: Scan, limits: Limits) -> None:
    """Count the cells of a piece of a sheet, and note where the last ones are."""
    for found in CELL.finditer(text):
        if found[0].endswith(b"/>"):
            continue
        scan.cells += 1
        place = PLACE.search(found[0])
        if place is None:
            scan.unplaced = True
            continue
        column, row = column_number(place[1].decode()), int(place[2])
        if row > limits.rows or column > limits.columns:
            scan.far = scan.far or place[1].decode().upper() + str(row)
            continue
        scan.last_row = max(scan.last_row, row)
        scan.last_column = max(scan.last_column, column)
    scan.formulas = scan.formulas or FORMULA.search(text) is not None
    for found in MERGED.finditer(text):
        if len(scan.merged) < limits.merged:
            scan.merged.append(found[1].decode())


def column_number(letters: str) -> int:
    """Return the number of a column, 1 for A."""
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number
