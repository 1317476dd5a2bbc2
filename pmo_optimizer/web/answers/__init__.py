"""Results of studies as sentences, charts and tables, one module per group of kinds."""

from __future__ import annotations

from pmo_optimizer.web.answers.answer import Answer, Grid
from pmo_optimizer.web.answers.kinds import answer_of

__all__ = ["Answer", "Grid", "answer_of"]
