"""What runs need, imported, where this module is."""

from pmo_optimizer.service.runs.child import load

load()
