"""A plan as tables of plain rows, from which the workbook and the CSV folder are written.

Every number is a number with its unit in the column's description, every day a date; nothing
is rounded or laid out here.
"""

from pmo_optimizer.formats.answers.reasons import reasons
from pmo_optimizer.formats.answers.scenarios import comparison_findings, comparison_tables
from pmo_optimizer.formats.answers.table import Cell, Column, Kind, Table
from pmo_optimizer.formats.answers.tables import plan_tables

__all__ = [
    "Cell",
    "Column",
    "Kind",
    "Table",
    "comparison_findings",
    "comparison_tables",
    "plan_tables",
    "reasons",
]
