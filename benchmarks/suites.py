"""The suites by name: which files they find, and how these are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import generated
from benchmarks.best_known import BestKnown
from benchmarks.files import found, natural, text_files
from benchmarks.formats import (
    kp_conflicts,
    mista,
    mkp,
    mplib,
    mspsp,
    nrp,
    pabulib,
    ppssp,
    psplib,
    rpp,
)
from benchmarks.items import Item, Score, Staffing
from benchmarks.peers import Solve
from pmo_optimizer import Plan, Portfolio

SCHEDULE_COLUMNS = ("best_known", "best_ub", "bks", "objective")
"""Columns of tables of makespans."""

SUBSETS = (
    *(("psplib", f"j{size}", rf"j{size}\d+_\d+") for size in (30, 60, 90, 120)),
    *(("mrcpsp", f"j{size}", rf"j{size}\d+_\d+") for size in (10, 12, 14, 16, 18, 20, 30)),
    *(("mmlib", f"{size}", rf"J{size}\d+_\d+") for size in (50, 100)),
    ("mmlib", "plus", r"Jall\d+_\d+"),
    *(("mspsp", part, rf"inst_set{part}_.+") for part in ("1a", "1b", "2a", "2b", "2c")),
)
"""Suite, name of the subset, and pattern of its files' stems."""

SINGLE_MODE = "RCPSP: PSPLIB .sm files"
"""What the single-mode part of PSPLIB says of itself."""

Parts = Sequence[tuple[str, float | None]]
"""Parts of a file that holds several instances, each with its best known objective."""


def _one_part(path: Path) -> Parts:
    return [("", None)]


@dataclass(frozen=True, slots=True)
class Suite:
    """A family of instances.

    Attributes
    ----------
    says
        One line for people.
    files
        Lists the files below a data folder.
    read
        Reads a part of a file into a portfolio.
    parts
        Lists what a file holds; the empty part stands for a file of one instance.
    columns
        Columns of tables of best known objectives.
    maximised
        Whether more is better.
    stems
        Pattern of the stems that belong to the suite.
    staffing
        How plans of its instances are staffed.
    solve
        What solves its instances, where that is not `pmo_optimizer.optimize`.
    score
        Measure of its plans, where that is not the first term of the objective; None of it
        where there is no plan.
    """

    name: str
    says: str
    files: Callable[[Path], list[Path]]
    read: Callable[[Path, str], Portfolio]
    parts: Callable[[Path], Parts] = _one_part
    columns: Sequence[str] = SCHEDULE_COLUMNS
    maximised: bool = False
    stems: str = ".*"
    staffing: Staffing = "capacity"
    solve: Solve | None = None
    score: Callable[[Portfolio, Plan], Score | None] | None = None

    def items(self, root: Path) -> list[Item]:
        """Return the instances below a data folder, in natural order."""
        known = BestKnown(root, self.columns, maximised=self.maximised)
        pattern = re.compile(self.stems)
        items = []
        for path in self.files(root):
            if not pattern.fullmatch(path.stem):
                continue
            for part, best in self.parts(path):
                name = f"{path.stem}#{part}" if part else path.stem
                if best is None:
                    best = known.of(path, name)
                items.append(Item(self.name, name, path, part, best, staffing=self.staffing))
        return items


def suites() -> dict[str, Suite]:
    """Return all suites of files by name, subsets included."""
    whole = [*_schedules(), *_selections()]
    made = {suite.name: suite for suite in whole}
    sources = made | {"psplib": replace(made["psplib"], says=SINGLE_MODE, files=_single_mode)}
    for name, subset, stems in SUBSETS:
        made[f"{name}-{subset}"] = replace(
            sources[name],
            name=f"{name}-{subset}",
            says=f"{sources[name].says}, only {subset}",
            stems=stems,
        )
    return made


def _schedules() -> list[Suite]:
    return [
        Suite("psplib", f"{SINGLE_MODE}, and multi-mode .mm files", _psplib_files, psplib.read),
        Suite("mrcpsp", "multi-mode RCPSP: PSPLIB .mm files", _mrcpsp_files, psplib.read),
        Suite("mmlib", "multi-mode RCPSP: MMLIB .mm files", _mmlib_files, psplib.read),
        Suite(
            "mplib",
            "projects sharing resources: MPLIB .txt files",
            lambda root: text_files(root, "mplib"),
            mplib.read,
        ),
        Suite(
            "mista",
            "MISTA 2013 challenge: .txt files that name .mm files",
            lambda root: text_files(root, "mista"),
            mista.read,
            columns=("best_known", "TPD"),
        ),
        Suite(
            "mspsp",
            "people with several skills, one task at a time: MSPSP .dzn files",
            lambda root: found(root, ".dzn"),
            mspsp.read,
            columns=("best_known", "ub"),
            staffing="named",
        ),
        Suite(
            "rpp",
            "people for research projects with fixed dates: folders with researchers.csv",
            rpp.folders,
            rpp.read,
            columns=("best_known",),
            staffing="named",
            solve=rpp.solve,
            score=rpp.score,
        ),
    ]


def _selections() -> list[Suite]:
    return [
        Suite(
            "mkp",
            "knapsacks with several budgets: OR-Library mknap files",
            lambda root: text_files(root, "mkp"),
            mkp.read,
            parts=mkp.parts,
            columns=("best_known",),
            maximised=True,
        ),
        Suite(
            "kp_conflicts",
            "knapsacks with conflicts: .dat files",
            lambda root: found(root, ".dat"),
            kp_conflicts.read,
            columns=("best_known",),
            maximised=True,
        ),
        Suite(
            "ppssp",
            "selection and years of projects: .json files",
            _ppssp_files,
            ppssp.read,
            parts=ppssp.parts,
            columns=("best_known",),
            maximised=True,
        ),
        Suite(
            "nrp",
            "next release problem: .txt files, budgets of 30, 50 and 70 %",
            lambda root: text_files(root, "nrp"),
            nrp.read,
            parts=nrp.parts,
            columns=("best_known",),
            maximised=True,
        ),
        Suite(
            "pabulib",
            "participatory budgets: .txt and .pb files",
            lambda root: sorted([*text_files(root, "pabulib"), *found(root, ".pb")], key=natural),
            pabulib.read,
            columns=("best_known",),
            maximised=True,
        ),
    ]


def _ppssp_files(root: Path) -> list[Path]:
    """Return the ``.json`` files that are no solutions."""
    return [path for path in found(root, ".json") if path.parent.name != "solutions"]


def _single_mode(root: Path) -> list[Path]:
    return found(root, ".sm")


def _psplib_files(root: Path) -> list[Path]:
    return sorted([*_single_mode(root), *_mrcpsp_files(root)], key=natural)


def _mm_files(root: Path) -> list[Path]:
    """Return the ``.mm`` files that are no parts of MISTA instances."""
    return [path for path in found(root, ".mm") if path.parent.suffix != ".mm"]


def _mrcpsp_files(root: Path) -> list[Path]:
    return [path for path in _mm_files(root) if not re.match(r"J(all)?\d", path.stem)]


def _mmlib_files(root: Path) -> list[Path]:
    return [path for path in _mm_files(root) if not re.match(r"[jcmnr]\d", path.stem)]


def portfolio_of(item: Item) -> Portfolio:
    """Return the portfolio of an instance.

    Raises
    ------
    InstanceError
        The file does not follow its format.
    InvalidInput
        What it says is no portfolio.
    OSError
        The file cannot be read.
    """
    if item.path is None:
        return generated.read(item)
    return suites()[item.suite].read(item.path, item.part)
