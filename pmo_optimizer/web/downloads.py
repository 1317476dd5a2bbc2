"""Plans as files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pmo_optimizer.formats.answers import reasons
from pmo_optimizer.formats.mspdi import export_schedule
from pmo_optimizer.formats.plan_workbook import export_plan
from pmo_optimizer.model import Plan, Portfolio
from pmo_optimizer.report.pack import board_pack
from pmo_optimizer.service.bodies import WORKBOOK
from pmo_optimizer.service.routes.plans import as_csv, schedule


@dataclass(frozen=True)
class Download:
    """A form in which a plan leaves.

    Attributes
    ----------
    text
        Key of what it is called.
    suffix
        Ending of the file.
    media_type
        Its kind.
    make
        Gives the bytes.
    """

    text: str
    suffix: str
    media_type: str
    make: Callable[[Portfolio, Plan], bytes]


def _pack(portfolio: Portfolio, plan: Plan) -> bytes:
    return board_pack(portfolio, plan, reasons=reasons(portfolio, plan)).encode()


def _csv(portfolio: Portfolio, plan: Plan) -> bytes:
    return as_csv(schedule(plan, portfolio.calendar)).encode()


def _written(
    suffix: str, write: Callable[[Portfolio, Plan, Path], object]
) -> Callable[[Portfolio, Plan], bytes]:
    """Return what gives the bytes of a file that a function writes."""

    def make(portfolio: Portfolio, plan: Plan) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"plan{suffix}"
            write(portfolio, plan, path)
            return path.read_bytes()

    return make


DOWNLOADS: Mapping[str, Download] = MappingProxyType(
    {
        "pack": Download("plan.download.pack", "html", "text/html; charset=utf-8", _pack),
        "xlsx": Download("plan.download.xlsx", "xlsx", WORKBOOK, _written(".xlsx", export_plan)),
        "mspdi": Download(
            "plan.download.mspdi", "xml", "application/xml", _written(".xml", export_schedule)
        ),
        "csv": Download("plan.download.csv", "csv", "text/csv; charset=utf-8", _csv),
    }
)
"""The forms, by the name in the address; JSON is the stored document itself."""
