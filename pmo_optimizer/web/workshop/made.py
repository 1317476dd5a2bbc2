"""From the fields of the workshop to the changes of a scenario, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pmo_optimizer.model import Decision, Finding, Severity
from pmo_optimizer.report.words import amount
from pmo_optimizer.web.text import text
from pmo_optimizer.web.workshop.controls import (
    CENT,
    Choice,
    Controls,
    Kind,
    Slider,
    plain,
)

MILLIONTH, MYRIADTH = Decimal("0.000001"), Decimal("0.0001")

NUMBER = re.compile(r"[+\-−]?([0-9]{1,20}|[0-9]{1,3}(,[0-9]{3}){1,6})(\.[0-9]{1,6})?")
"""Numbers that can be meant in one way only: a comma stands before each three digits or nowhere."""

WEIGHTS = "w"
"""Key of the one change that all weights make."""

DECISIONS = tuple(decision.value for decision in Decision)

MOST_DIGITS = 18
"""Numbers of 10 to this power and above are refused, as in portfolios."""

Data = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """A change that was made on the page.

    Attributes
    ----------
    key
        Of the control.
    data
        The change, as a scenario file has it.
    words
        The change for people.
    """

    key: str
    data: Data
    words: str


@dataclass(frozen=True)
class Wrong:
    """A field whose content means nothing: its key, and what is wrong with it."""

    key: str
    finding: Finding


def made_of(
    controls: Controls, values: Mapping[str, str]
) -> tuple[tuple[Made, ...], tuple[Wrong, ...]]:
    """Return the changes that the fields say, and the fields that say nothing.

    Parameters
    ----------
    controls
        Of the portfolio without the changes.
    values
        Content of the fields by key; those that are missing or empty are as without a change.
    """
    wrong: list[Wrong] = []
    numbers: dict[str, Decimal] = {}
    for slider in controls.sliders:
        given = values.get(slider.key, "").strip()
        number = slider.base if not given else _number(given)
        if number is None:
            wrong.append(_no_number(slider, given))
            number = slider.base
        elif (
            slider.kind is Kind.CAPACITY and (number - slider.base) % CENT and number > slider.base
        ):
            wrong.append(_too_fine(slider, given))
            number = slider.base
        numbers[slider.key] = number
    made = [
        *_each(controls.budgets, numbers, _budget),
        *_each(controls.capacities, numbers, _capacity),
        *_weights(controls.weights, numbers, wrong),
        *_decisions(controls.choices, values, wrong),
    ]
    return tuple(made), tuple(wrong)


def values_of(controls: Controls, changes: Sequence[Data]) -> dict[str, str] | None:
    """Return the fields that say the changes; None where some of them has no control."""
    values: dict[str, str] = {}
    for change in changes:
        found = _values(controls, change)
        if found is None or values.keys() & found.keys():
            return None
        values |= found
    return values


def _number(given: str) -> Decimal | None:
    if not NUMBER.fullmatch(given):
        return None
    number = Decimal(given.replace(",", "").replace("−", "-"))
    return None if number and number.adjusted() >= MOST_DIGITS else number


def exact(number: Decimal) -> str:
    """Return a number with every digit that was typed, and separators of thousands.

    Examples
    --------
    >>> exact(Decimal("1.712")), exact(Decimal("1600.50")), exact(Decimal("1E+3"))
    ('1.712', '1,600.5', '1,000')
    """
    whole, point, digits = plain(number).partition(".")
    return f"{int(whole):,}{point}{digits}"


def _no_number(slider: Slider, given: str) -> Wrong:
    message = text("workshop.wrong.number", {"label": slider.label, "given": given[:40]})
    fix = text("workshop.wrong.number.fix", {"base": plain(slider.base)})
    return Wrong(slider.key, Finding(Severity.ERROR, "wrong-value", slider.key, message, fix))


def _too_fine(slider: Slider, given: str) -> Wrong:
    message = text("workshop.wrong.fine", {"label": slider.label, "given": given[:40]})
    fix = text("workshop.wrong.fine.fix")
    return Wrong(slider.key, Finding(Severity.ERROR, "wrong-value", slider.key, message, fix))


def _each(
    sliders: Sequence[Slider],
    numbers: Mapping[str, Decimal],
    change: Callable[[Slider, Decimal], Data],
) -> Iterator[Made]:
    for slider in sliders:
        number = numbers[slider.key]
        if number != slider.base:
            yield Made(slider.key, change(slider, number), from_to(slider, number))


def from_to(slider: Slider, number: Decimal) -> str:
    """Return what becomes of a number, in words."""
    more = number - slider.base
    values = {
        "label": slider.label,
        "before": exact(slider.base),
        "after": exact(number),
        "unit": slider.unit,
        "more": ("+" if more > 0 else "−") + exact(abs(more)),
    }
    return text("workshop.from.to", values)


def _budget(slider: Slider, number: Decimal) -> Data:
    data: Data = {"change": "budget", "fund": slider.target}
    if slider.year is not None:
        data["year"] = slider.year
    if not slider.periods:
        return data | {"to": plain(number)}
    if slider.base:
        return data | {"percent": plain(_percent(number, slider.base))}
    return data | {"by": plain((number / slider.periods).quantize(MILLIONTH))}


def _capacity(slider: Slider, number: Decimal) -> Data:
    data: Data = {"change": "capacity", "skill": slider.target}
    if number > slider.base or not slider.base:
        return data | {"fte": plain((number - slider.base).quantize(CENT))}
    return data | {"percent": plain(_percent(number, slider.base))}


def _percent(number: Decimal, base: Decimal) -> Decimal:
    return (100 * (number / base - 1)).quantize(MILLIONTH)


def _weights(
    sliders: Sequence[Slider], numbers: Mapping[str, Decimal], wrong: list[Wrong]
) -> Iterator[Made]:
    """Yield the one change of all weights: points are shares of what they add up to."""
    points = {slider.key: numbers[slider.key] for slider in sliders}
    if all(points[slider.key] == slider.base for slider in sliders):
        return
    whole = sum(points.values(), Decimal(0))
    below = [slider for slider in sliders if points[slider.key] < 0]
    if below or whole <= 0:
        message, fix = text("workshop.wrong.weights"), text("workshop.wrong.weights.fix")
        for slider in below or sliders[:1]:
            finding = Finding(Severity.ERROR, "wrong-value", slider.key, message, fix)
            wrong.append(Wrong(slider.key, finding))
        return
    shares = {s.target: (points[s.key] / whole).quantize(MILLIONTH) for s in sliders}
    largest = max(sorted(shares), key=lambda name: shares[name])
    shares[largest] += 1 - sum(shares.values())
    parts = [
        text("workshop.weight", {"label": s.label, "share": amount(float(100 * shares[s.target]))})
        for s in sliders
    ]
    words = text("workshop.weights.words", {"parts": ", ".join(parts)})
    data = {"change": "weights", "weights": {name: plain(w) for name, w in shares.items()}}
    yield Made(WEIGHTS, data, words)


def _decisions(
    choices: Sequence[Choice], values: Mapping[str, str], wrong: list[Wrong]
) -> Iterator[Made]:
    for choice in choices:
        given = values.get(choice.key) or choice.base
        if given not in DECISIONS:
            message = text("workshop.wrong.decision", {"label": choice.label, "given": given[:40]})
            fix = text("workshop.wrong.decision.fix")
            finding = Finding(Severity.ERROR, "wrong-value", choice.key, message, fix)
            wrong.append(Wrong(choice.key, finding))
        elif given != choice.base:
            data = {"change": "decide", "projects": [choice.project], "decision": given}
            words = text(f"workshop.decided.{given}", {"label": choice.label})
            yield Made(choice.key, data, words)


def _values(controls: Controls, change: Data) -> dict[str, str] | None:
    """Return the fields that say a change; None where none does."""
    match change:
        case {"change": "budget", "fund": fund, **rest}:
            return _budget_values(controls, str(fund), rest)
        case {"change": "capacity", "skill": skill, **rest} if len(rest) == 1:
            return _capacity_values(controls, str(skill), rest)
        case {"change": "weights", "weights": dict(weights), **rest} if not rest:
            return _weight_values(controls, weights)
        case {"change": "decide", "projects": list(projects), "decision": str(word), **rest}:
            keys = {choice.project: choice.key for choice in controls.choices}
            if rest or not all(name in keys for name in projects):
                return None
            return {keys[name]: word for name in projects}
    return None


def _budget_values(controls: Controls, fund: str, rest: Data) -> dict[str, str] | None:
    year = rest.get("year")
    for slider in controls.budgets:
        if slider.target != fund or slider.year != year:
            continue
        said = {name: _number(str(value)) for name, value in rest.items() if name != "year"}
        match said:
            case {"to": Decimal() as number, **more} if not more and not slider.periods:
                return {slider.key: plain(number)}
            case {"percent": Decimal() as part, **more} if not more and slider.periods:
                return {slider.key: plain((slider.base * (1 + part / 100)).quantize(CENT))}
    return None


def _capacity_values(controls: Controls, skill: str, rest: Data) -> dict[str, str] | None:
    for slider in controls.capacities:
        if slider.target != skill:
            continue
        match {name: _number(str(value)) for name, value in rest.items()}:
            case {"fte": Decimal() as fte} if fte > 0:
                return {slider.key: plain(slider.base + fte)}
            case {"percent": Decimal() as part} if part < 0:
                return {slider.key: plain((slider.base * (1 + part / 100)).quantize(MYRIADTH))}
    return None


def _weight_values(controls: Controls, weights: Data) -> dict[str, str] | None:
    shares = {name: _number(str(value)) for name, value in weights.items()}
    if set(shares) != {slider.target for slider in controls.weights}:
        return None
    return {
        slider.key: plain((100 * share).quantize(MYRIADTH))
        for slider in controls.weights
        if (share := shares[slider.target]) is not None
    }
