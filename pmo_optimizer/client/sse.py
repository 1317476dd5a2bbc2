"""Server-sent events, read by hand: bytes in, events out.

Follows the WHATWG HTML standard, section "Interpreting an event stream": lines end with LF, CR
or CRLF, an empty line ends an event, a line that begins with a colon is a comment, and an event
that the stream cuts off is dropped.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LARGEST_EVENT = 16 * 1024 * 1024
"""Characters of one event; a stream that goes on without end is not an event stream."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event.

    Attributes
    ----------
    type
        Its ``event`` field; ``message`` where there is none.
    data
        Its ``data`` lines, with line breaks between them.
    id
        The last id that the stream has named so far, to resume after; empty where none.
    retry
        Milliseconds after which the server wants to be asked again, if it said so.
    """

    type: str
    data: str
    id: str = ""
    retry: int | None = None


class StreamTooLarge(ValueError):
    """An event has more than `LARGEST_EVENT` characters."""


def events(chunks: Iterable[bytes], *, last_id: str = "") -> Iterator[ServerEvent]:
    r"""Return the events of a stream as they are complete.

    Parameters
    ----------
    chunks
        The bytes, cut anywhere; what is not UTF-8 becomes U+FFFD, as the standard says.
    last_id
        The id that was asked to resume after.

    Raises
    ------
    StreamTooLarge
        Where an event does not end.

    Examples
    --------
    >>> [e.data for e in events([b"data: one\n\nda", b"ta: two\n", b"\n: idle\n\ndata: cut"])]
    ['one', 'two']
    """
    kind, data, retry = "", list[str](), None
    size = 0
    for line in lines(chunks):
        size += len(line)
        if size > LARGEST_EVENT:
            raise StreamTooLarge("an event of the stream does not end")
        if not line:
            if data:
                yield ServerEvent(kind or "message", "\n".join(data), last_id, retry)
            kind, data, size = "", [], 0
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif name == "id" and "\0" not in value:
            last_id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            retry = int(value)


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Return the complete lines of a stream, without their ends."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
    rest = ""
    after_return = False
    for chunk in chunks:
        text = decoder.decode(chunk)
        if not text:
            continue
        if after_return and text[0] == "\n":
            text = text[1:]
        after_return = text.endswith("\r") if text else False
        # Only what is new is searched: a long line in many small chunks stays cheap.
        *done, tail = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if done:
            done[0] = rest + done[0]
            yield from done
            rest = tail
        else:
            rest += tail
        if len(rest) > LARGEST_EVENT:
            raise StreamTooLarge("a line of the stream does not end")
