"""The metrics page has the text format of Prometheus and counts what happens."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import httpx

from pmo_optimizer.service.metrics import CONTENT_TYPE, RUN_BUCKETS, Metrics
from pmo_optimizer.service.store.figures import Durations, RunFigures
from tests.api.live import served, settings_in

ONE = Durations((1, *[0] * len(RUN_BUCKETS)), 0.25)

LABEL = r'[a-z]+="(?:[^"\\\n]|\\.)*"'

LINE = re.compile(rf"^([a-z_]+)(\{{{LABEL}(?:,{LABEL})*\}})? (\+Inf|[\d.e+-]+)$")


def samples(page: str) -> dict[str, float]:
    """Return the samples of a page by name and labels; each line must have the format."""
    found = {}
    for line in page.splitlines():
        if not line.startswith("#"):
            match = LINE.match(line)
            assert match is not None, line
            found[match[1] + (match[2] or "")] = float(match[3])
    return found


def test_runs_and_queue_are_those_of_the_store() -> None:
    """Counts by kind and state, and the age of the queue, are what the store says."""
    figures = RunFigures({("solve", "queued"): 2, ("why", "failed"): 1}, queue_age=7.25)
    page = samples(Metrics().render(figures))
    assert page['pmo_runs{kind="solve",state="queued"}'] == 2
    assert page['pmo_runs{kind="why",state="failed"}'] == 1
    assert page["pmo_queue_age_seconds"] == 7.25


def test_run_seconds_are_a_cumulated_histogram() -> None:
    """Buckets count everything up to their end, the last one all; sum and count agree."""
    counts = (1, 1, *[0] * (len(RUN_BUCKETS) - 2), 1)
    figures = RunFigures(seconds={"solve": Durations(counts, 4001.1)})
    page = samples(Metrics().render(figures))
    bucket = 'pmo_run_seconds_bucket{kind="solve",le="%s"}'
    assert page[bucket % "0.5"] == 1
    assert page[bucket % "1"] == 2
    assert page[bucket % "3600"] == 2
    assert page[bucket % "+Inf"] == 3
    assert page['pmo_run_seconds_count{kind="solve"}'] == 3
    assert page['pmo_run_seconds_sum{kind="solve"}'] == 4001.1


def test_requests_are_counted_by_method_route_and_status() -> None:
    """Requests add up per method, route and status; a stream is an open gauge."""
    metrics = Metrics()
    for status in (200, 200, 404):
        metrics.request("GET", "/v1/runs/{run_id}", status, 0.003)
    page = samples(metrics.render(RunFigures(), streams=3))
    name = 'pmo_http_requests_total{method="GET",route="/v1/runs/{run_id}",status="%d"}'
    assert page[name % 200] == 2
    assert page[name % 404] == 1
    assert page['pmo_http_request_seconds_count{route="/v1/runs/{run_id}"}'] == 3
    assert page["pmo_event_streams"] == 3


def test_addresses_and_words_of_clients_are_no_labels() -> None:
    """Whatever address or method a client makes up, there is one label for all of them."""
    metrics = Metrics()
    for word in ("BREW", "GET\n", 'X"'):
        metrics.request(word, None, 404, 0.1)
    metrics.request("GET", None, 404, 0.1)
    counted = {k: v for k, v in samples(metrics.render(RunFigures())).items() if "_total" in k}
    assert sorted(counted.values()) == [1, 3]


def test_label_values_are_escaped() -> None:
    """Quotes, backslashes and line breaks of a label cannot break the page."""
    page = Metrics().render(RunFigures({('a"\\\n', "queued"): 1}))
    assert r'pmo_runs{kind="a\"\\\n",state="queued"} 1' in page.splitlines()


def test_every_metric_is_described_once_and_in_one_piece() -> None:
    """Each name has one HELP and one TYPE line, before its samples."""
    metrics = Metrics()
    metrics.request("GET", "/v1/health", 200, 0.01)
    page = metrics.render(RunFigures({("solve", "queued"): 1}, seconds={"solve": ONE}))
    described = re.findall(r"^# TYPE (\w+) (\w+)$", page, re.MULTILINE)
    assert len(described) == len(dict(described)) == 6
    current = ""
    for line in page.splitlines():
        if line.startswith("# TYPE"):
            current = line.split()[2]
        elif not line.startswith("#"):
            assert re.sub(r"(_bucket|_sum|_count)?(\{.*)? .*$", "", line) == current
    assert page.endswith("\n")


def test_requests_of_many_threads_are_all_counted() -> None:
    """No request is lost when threads count at the same time."""
    metrics = Metrics()

    def ask() -> None:
        for _ in range(500):
            metrics.request("GET", "/v1/health", 200, 0.01)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    page = samples(metrics.render(RunFigures()))
    assert page['pmo_http_requests_total{method="GET",route="/v1/health",status="200"}'] == 4000


def test_a_live_service_shows_its_metrics(tmp_path: Path) -> None:
    """The page of a live service counts the requests before it, by route, and has the format."""
    with served(settings_in(tmp_path)) as url, httpx.Client(base_url=url) as http:
        assert http.get("/v1/runs/run_of_nobody").status_code == 404
        assert http.get("/v1/nowhere/Ann").status_code == 404
        answer = http.get("/v1/metrics")
    assert answer.headers["content-type"] == CONTENT_TYPE
    page = samples(answer.text)
    name = 'pmo_http_requests_total{method="GET",route="%s",status="404"}'
    assert page[name % "/v1/runs/{run_id}"] == 1
    assert page[name % "other"] == 1
    assert page["pmo_queue_age_seconds"] == 0
    assert "Ann" not in answer.text
