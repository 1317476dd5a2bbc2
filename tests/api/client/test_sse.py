"""Server-sent events are read as the standard says, however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmo_optimizer.client import sse
from pmo_optimizer.client.sse import ServerEvent, StreamTooLarge, events

STREAM = (
    "\ufeff: hello\n\n"
    "event: progress\nid: 1\ndata: {\"value\": 3.5}\n\n"
    "data: zwei\r\ndata:  Zeilen\r\nid: 2\r\n\r\n"
    "retry: 250\rdata\r\r"
    "id: 4\nevent: nothing to say\n\n"
    "data: größer 🎉\n\n"
    "data: cut off"
).encode()  # fmt: skip

EVENTS = [
    ServerEvent("progress", '{"value": 3.5}', "1"),
    ServerEvent("message", "zwei\n Zeilen", "2"),
    ServerEvent("message", "", "2", 250),
    ServerEvent("message", "größer 🎉", "4", 250),
]


def test_fields_comments_and_line_ends() -> None:
    """All three line ends, comments, several data lines, ids that stay, and a cut at the end."""
    assert list(events([STREAM])) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_cuts_do_not_matter(cuts: list[int]) -> None:
    """The events are the same wherever the network cuts the bytes, within a character too."""
    places = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[a:b] for a, b in pairwise(places)]
    assert list(events(chunks)) == EVENTS


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_garbage_never_fails(chunks: list[bytes]) -> None:
    """Whatever comes, events or nothing come out of it."""
    assert all(isinstance(event, ServerEvent) for event in events(chunks))


def test_ids_with_nul_and_times_that_are_none_are_passed_over() -> None:
    """An id with NUL and a retry that is not digits are ignored, as the standard says."""
    stream = [b"id: a\0b\nretry: 1.5\ndata: x\n\n"]
    assert list(events(stream, last_id="7")) == [ServerEvent("message", "x", "7")]


@pytest.mark.parametrize("chunk", [b"data: xxxxxxxxxxxxxxxx\n", b"xxxxxxxxxxxxxxxx"])
def test_events_without_end_are_refused(monkeypatch: pytest.MonkeyPatch, chunk: bytes) -> None:
    """A stream that never ends its event fails instead of filling the memory."""
    monkeypatch.setattr(sse, "LARGEST_EVENT", 1000)
    with pytest.raises(StreamTooLarge):
        list(events(chunk for _ in range(10_000)))
