"""Charts of plans and studies, as Vega-Lite specifications with tables and sentences.

Every function is pure and draws nothing: it returns a `Chart`, which notebooks show, pages draw
with the vendored runtime, and reports inline. Results of studies come as plain data, as their
``to_data`` and the ``--json`` of the command line give them.
"""

from __future__ import annotations

from pmo_optimizer.report.charts.bubbles import bubbles
from pmo_optimizer.report.charts.changes import changes_curve
from pmo_optimizer.report.charts.chart import Cell, Chart, Table
from pmo_optimizer.report.charts.dependencies import dependencies
from pmo_optimizer.report.charts.frontier import frontier_chart
from pmo_optimizer.report.charts.loads import load_map
from pmo_optimizer.report.charts.roadmap import roadmap
from pmo_optimizer.report.charts.search import progress
from pmo_optimizer.report.charts.spending import spending
from pmo_optimizer.report.charts.theme import MOST_MARKS, theme
from pmo_optimizer.report.charts.waterfall import waterfall

__all__ = [
    "MOST_MARKS",
    "Cell",
    "Chart",
    "Table",
    "bubbles",
    "changes_curve",
    "dependencies",
    "frontier_chart",
    "load_map",
    "progress",
    "roadmap",
    "spending",
    "theme",
    "waterfall",
]
