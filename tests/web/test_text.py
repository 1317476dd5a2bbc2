"""Every English text stands in one place."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import pmo_optimizer.web
from pmo_optimizer.web.text import PARTS, catalogue, count, text

HOME = Path(pmo_optimizer.web.__file__).parent
TEMPLATES = sorted((HOME / "templates").rglob("*.html"))
CODE = sorted(path for path in HOME.rglob("*.py") if path.parent.name != "text")

CALLED = re.compile(r"""\b(?:t|text|count)\(\s*(?:[^"'(),]+,\s*)?f?["']([\w.{}-]+)["']""")


def used_keys() -> set[str]:
    """Return the keys that templates and code name."""
    found: set[str] = set()
    for path in (*TEMPLATES, *CODE):
        found |= set(CALLED.findall(path.read_text("utf-8")))
    return {key for key in found if "." in key or key in catalogue()}


def test_every_text_that_is_named_is_there() -> None:
    """Nobody meets a missing text; keys that are put together are matched by their beginning."""
    for key in used_keys():
        begin = key.split("{")[0]
        assert any(known.startswith(begin) for known in catalogue()), key
        if "{" not in key and not key.endswith("."):
            assert key in catalogue(), key


def test_every_text_is_used() -> None:
    """Texts that no page shows are gone."""
    source = "\n".join(path.read_text("utf-8") for path in (*TEMPLATES, *CODE))
    begins = tuple(key.split("{")[0] for key in used_keys() if "{" in key or key.endswith("."))
    begins += tuple(re.findall(r'"([\w.]+\.)" ~', source))
    for key in catalogue():
        name = key.removesuffix(".one")
        assert f'"{name}"' in source or f"'{name}'" in source or name.startswith(begins), key


def test_no_text_stands_twice() -> None:
    """A key is in one group only."""
    assert sum(len(part) for part in PARTS) == len(catalogue())


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found += re.findall(r"[A-Za-z]{2,}", data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"aria-label", "title", "placeholder", "alt"}:
                self.found += re.findall(r"[A-Za-z]{2,}", value or "")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_words(path: Path) -> None:
    """What people read comes from the catalogue, also what screen readers say."""
    source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text("utf-8"), flags=re.S)
    words = _Words()
    words.feed(source)
    assert words.found == []


def test_counts() -> None:
    """One is one, others are many."""
    assert count(1, "projects") == "1 project"
    assert count(2000, "projects") == "2,000 projects"
    with pytest.raises(KeyError):
        text("no.such.text")
