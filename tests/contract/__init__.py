"""Behaviour that every exact engine must show."""
