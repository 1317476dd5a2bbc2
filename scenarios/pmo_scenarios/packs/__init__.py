"""Sample portfolios that come with the package, as YAML files beside this module."""

from __future__ import annotations

from importlib import resources

from pmo_optimizer import Finding, InvalidInput, Portfolio, Severity

PACKS: tuple[str, ...] = ("boston", "digital")
"""Names of the sample portfolios."""


def load_pack(name: str) -> Portfolio:
    """Return a sample portfolio.

    Parameters
    ----------
    name
        One of `PACKS`.

    Raises
    ------
    InvalidInput
        There is no sample portfolio of that name; the message lists the names.
    """
    if name not in PACKS:
        raise InvalidInput((_unknown(name),))
    shipped = resources.files("pmo_scenarios.packs") / f"{name}.yaml"
    with resources.as_file(shipped) as path:
        return Portfolio.load(path)


def _unknown(name: str) -> Finding:
    return Finding(
        Severity.ERROR,
        "unknown-pack",
        "pack",
        f"There is no sample portfolio {name!r}.",
        f"Choose one of {', '.join(PACKS)}.",
    )
