"""Imports what runs need; loaded once by the process whose copies the runs of tests are."""

from pmo_optimizer.service.runs.child import load

load()
