"""Readers and writers of the files that planners have: workbooks, CSV, MS Project XML."""

from pmo_optimizer.formats.portfolios import (
    is_workbook,
    load_portfolio,
    load_valid,
    opened,
    save_portfolio,
)

__all__ = ["is_workbook", "load_portfolio", "load_valid", "opened", "save_portfolio"]
