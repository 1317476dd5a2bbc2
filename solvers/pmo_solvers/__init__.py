"""Engines of pmo-optimizer, found by the core through entry points."""
