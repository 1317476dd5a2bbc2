"""Elements of the file that is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from xml.etree import ElementTree

from pmo_optimizer.formats.mspdi.fields import LONGEST_FIELD

Element: TypeAlias = ElementTree.Element

FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to say."""


def add(parent: Element, name: str, value: object = None) -> Element:
    """Append an element, with a text where a value is given, and return it."""
    element = ElementTree.SubElement(parent, name)
    if isinstance(value, datetime):
        element.text = value.isoformat(timespec="seconds")
    elif value is not None:
        element.text = FORBIDDEN.sub("\ufffd", str(value))
    return element


def add_all(parent: Element, values: Mapping[str, object]) -> None:
    """Append an element with a text for each value, in the order given."""
    for name, value in values.items():
        add(parent, name, value)


def attribute(parent: Element, field: StrEnum, value: str) -> None:
    """Append the value of a custom field; what does not fit is left out, never cut."""
    if len(value) <= LONGEST_FIELD:
        add_all(add(parent, "ExtendedAttribute"), {"FieldID": field.value, "Value": value})
