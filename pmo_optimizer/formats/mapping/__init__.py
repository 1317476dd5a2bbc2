"""Foreign tables (CSV, XLSX) as a portfolio, by a mapping profile.

A profile says which column becomes which field, in which unit, date format and notation of
numbers; nothing is guessed. ``docs/formats.md`` explains it, ``profiles`` holds worked
examples.
"""

from pmo_optimizer.formats.mapping.profile import Profile, load_profile, profile_names
from pmo_optimizer.formats.mapping.read import read_tables

__all__ = ["Profile", "load_profile", "profile_names", "read_tables"]
