"""Workbooks in LibreOffice: they open, print, calculate, and keep what makes them useful."""

from __future__ import annotations

import io
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from pmo_optimizer.formats.workbook import annotated, read, template, written
from pmo_scenarios import load_pack
from tests.unit.formats.test_workbook_faults import planted

OFFICE = shutil.which("soffice")

pytestmark = [
    pytest.mark.drill,
    pytest.mark.skipif(OFFICE is None, reason="LibreOffice (soffice) is not installed"),
]


def converted(content: bytes, kind: str, folder: Path) -> bytes:
    """Return what LibreOffice makes of a workbook: ``pdf`` or ``xlsx``."""
    source = folder / "in" / "book.xlsx"
    source.parent.mkdir()
    source.write_bytes(content)
    done = subprocess.run(
        [
            str(OFFICE),
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--convert-to",
            kind,
            "--outdir",
            str(folder / "out"),
            str(source),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return (folder / "out" / f"book.{kind}").read_bytes()


@pytest.mark.parametrize("name", ["template", "digital", "boston", "annotated"])
def test_workbooks_print(name: str, tmp_path: Path) -> None:
    """LibreOffice opens each workbook and prints it as PDF."""
    if name == "template":
        template(tmp_path / "t.xlsx")
        content = (tmp_path / "t.xlsx").read_bytes()
    elif name == "annotated":
        faulty, _ = planted()
        content = annotated(faulty, read(faulty).located)
    else:
        content = written(load_pack(name))
    assert converted(content, "pdf", tmp_path).startswith(b"%PDF")


@pytest.mark.parametrize("name", ["digital", "boston"])
def test_what_libreoffice_saves_is_the_same_portfolio(name: str, tmp_path: Path) -> None:
    """Saved by LibreOffice, a workbook still has an equal portfolio and no new finding."""
    portfolio = load_pack(name)
    content = written(portfolio)
    saved = read(converted(content, "xlsx", tmp_path))
    assert saved.portfolio == portfolio
    assert saved.located == read(content).located


@pytest.mark.parametrize("name", ["digital", "boston"])
def test_formulas_and_formats_survive_and_say_the_same(name: str, tmp_path: Path) -> None:
    """LibreOffice calculates every formula to the value that was written, and keeps colours."""
    content = written(load_pack(name))
    saved = converted(content, "xlsx", tmp_path)
    formulas = openpyxl.load_workbook(io.BytesIO(content))
    before = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    after = openpyxl.load_workbook(io.BytesIO(saved), data_only=True)
    kept = openpyxl.load_workbook(io.BytesIO(saved))
    count = 0
    for sheet in formulas:
        assert len(kept[sheet.title].conditional_formatting) >= bool(sheet.conditional_formatting)
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                count += 1
                assert kept[sheet.title][cell.coordinate].data_type == "f"
                was = before[sheet.title][cell.coordinate].value
                now = after[sheet.title][cell.coordinate].value
                if isinstance(was, int | float):
                    assert Decimal(str(now)) == pytest.approx(Decimal(str(was)))
                else:
                    assert (now or None) == (was or None)
    assert count > 50
