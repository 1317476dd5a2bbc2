"""Metrics in the text format of Prometheus (version 0.0.4).

Two sources: what this process counted (requests), and what the store says of all processes
(runs by state, how long they took, how old the queue is). The second is read at each scrape, so
that any process answers for all.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from pmo_optimizer.service.store.figures import Durations, RunFigures

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Content type of what `Metrics.render` returns."""

REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0, 60.0)
"""Upper ends of the buckets of request times, in seconds."""

RUN_BUCKETS = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 1800.0, 3600.0)
"""Upper ends of the buckets of run times, in seconds."""

OTHER = "other"
"""Route of requests that no route answers, and methods nobody knows: labels must be few."""

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""Methods that are a label of their own; a client may send any word as one."""

Labels = tuple[tuple[str, str], ...]


class Histogram:
    """Counts of values per bucket, their number and their sum; not thread-safe.

    Parameters
    ----------
    buckets
        Upper ends (inclusive), ascending; the last bucket, without end, is added.
    """

    def __init__(self, buckets: Sequence[float]) -> None:
        self.buckets = tuple(buckets)
        self.counts = [0] * (len(self.buckets) + 1)
        self.total = 0.0

    @classmethod
    def of(cls, buckets: Sequence[float], counted: Durations) -> Histogram:
        """Return a histogram of what was counted elsewhere, with the same buckets."""
        made = cls(buckets)
        made.counts = list(counted.counts)
        made.total = counted.total
        return made

    def add(self, value: float) -> None:
        """Count a value, in the unit of the buckets."""
        self.counts[bisect_left(self.buckets, value)] += 1
        self.total += value

    def lines(self, name: str, labels: Labels) -> Iterator[str]:
        """Return the lines of this histogram, cumulated as the format wants it."""
        seen = 0
        for end, count in zip((*self.buckets, float("inf")), self.counts, strict=True):
            seen += count
            yield sample(f"{name}_bucket", (*labels, ("le", number(end))), seen)
        yield sample(f"{name}_sum", labels, self.total)
        yield sample(f"{name}_count", labels, seen)


class Metrics:
    """What one process counts, and the page that Prometheus reads; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[Labels, int] = {}
        self._times: dict[Labels, Histogram] = {}

    def request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count an answered request.

        Parameters
        ----------
        route
            The pattern of its route (``/v1/runs/{run_id}``); None where no route answered.
        seconds
            Until the answer began, so that a stream counts like any other.
        """
        name = OTHER if route is None else route
        word = method if method in METHODS else OTHER
        counted = (("method", word), ("route", name), ("status", str(status)))
        timed = (("route", name),)
        with self._lock:
            self._requests[counted] = self._requests.get(counted, 0) + 1
            self._times.setdefault(timed, Histogram(REQUEST_BUCKETS)).add(seconds)

    def render(self, runs: RunFigures, *, streams: int = 0) -> str:
        """Return the page.

        Parameters
        ----------
        runs
            What ``Store.figures(tenant, RUN_BUCKETS)`` says now.
        streams
            Event streams that are open in this process.
        """
        return "".join(f"{line}\n" for line in self._lines(runs, streams))

    def _lines(self, runs: RunFigures, streams: int) -> Iterator[str]:
        yield from head("pmo_runs", "gauge", "Runs in the store, by kind and state.")
        for (kind, state), count in sorted(runs.counts.items()):
            yield sample("pmo_runs", (("kind", kind), ("state", state)), count)
        yield from head("pmo_queue_age_seconds", "gauge", "Age of the oldest queued run.")
        yield sample("pmo_queue_age_seconds", (), runs.queue_age)
        yield from head("pmo_run_seconds", "histogram", "Seconds from start to end of ended runs.")
        for kind, counted in sorted(runs.seconds.items()):
            histogram = Histogram.of(RUN_BUCKETS, counted)
            yield from histogram.lines("pmo_run_seconds", (("kind", kind),))
        yield from head("pmo_event_streams", "gauge", "Event streams open in this process.")
        yield sample("pmo_event_streams", (), streams)
        with self._lock:
            requests = sorted(self._requests.items())
            times = [line for labels, h in sorted(self._times.items()) for line in timed(h, labels)]
        yield from head("pmo_http_requests_total", "counter", "Requests answered by this process.")
        for labels, count in requests:
            yield sample("pmo_http_requests_total", labels, count)
        yield from head("pmo_http_request_seconds", "histogram", "Seconds until an answer began.")
        yield from times


def timed(histogram: Histogram, labels: Labels) -> Iterator[str]:
    """Return the lines of the request times of a route."""
    return histogram.lines("pmo_http_request_seconds", labels)


def head(name: str, kind: str, text: str) -> Iterator[str]:
    """Return the two lines that describe a metric."""
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def sample(name: str, labels: Labels, value: float) -> str:
    """Return one line.

    Examples
    --------
    >>> sample("pmo_runs", (("kind", "solve"), ("state", "queued")), 2)
    'pmo_runs{kind="solve",state="queued"} 2'
    """
    inside = ",".join(f'{label}="{escaped(text)}"' for label, text in labels)
    return f"{name}{{{inside}}} {number(value)}" if inside else f"{name} {number(value)}"


def escaped(text: str) -> str:
    r"""Return a label's value with backslash, quote and line break escaped."""
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def number(value: float) -> str:
    """Return a number as the format writes it: ``+Inf`` for infinity, no needless decimals."""
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
