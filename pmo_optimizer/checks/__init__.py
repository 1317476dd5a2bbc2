"""Every finding about a portfolio at once: rule, path, message, and how to fix it.

`pmo_optimizer.checks.table` lists the rules; each is one small function that takes the
`Facts` of a portfolio and yields what it finds. ``docs/checks.md`` explains every code.
"""

from pmo_optimizer.checks.facts import suggestion
from pmo_optimizer.checks.run import check, check_data, require_valid
from pmo_optimizer.checks.table import FORM_CODES, RULES, Rule

__all__ = ["FORM_CODES", "RULES", "Rule", "check", "check_data", "require_valid", "suggestion"]
