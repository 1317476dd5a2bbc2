"""Logs are lines of JSON that say which request and run, and nothing secret."""

from __future__ import annotations

import ast
import io
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pmo_optimizer.service import logs

ROOT = Path(__file__).parents[3]

KEY = "pmo_key_AbC-_dEf" + "_" + "x" * 43


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Give the root logger and the quiet ones back as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return what was logged, a line each."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def logger_at(level: str) -> tuple[logging.Logger, io.StringIO]:
    """Return a logger of the service and where it writes."""
    stream = io.StringIO()
    logs.configure(level, stream)
    return logging.getLogger("pmo_optimizer.service.test"), stream


def test_a_line_has_time_level_message_and_fields() -> None:
    """A record becomes one object with its known fields."""
    logger, stream = logger_at("INFO")
    logger.info("Run ended", extra={"state": "succeeded", "seconds": 1.5, "attempt": 2})
    (line,) = lines(stream)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "pmo_optimizer.service.test",
        "message": "Run ended",
        "state": "succeeded",
        "seconds": 1.5,
        "attempt": 2,
    }


def test_request_and_run_are_in_every_line_of_their_block() -> None:
    """Ids are bound to a block, nest, and end with it."""
    logger, stream = logger_at("INFO")
    with logs.bound(request="req_1"):
        logger.info("one")
        with logs.bound(run="run_1"):
            logger.info("two")
        logger.info("three")
    logger.info("four")
    said = [(line.get("request"), line.get("run")) for line in lines(stream)]
    assert said == [("req_1", None), ("req_1", "run_1"), ("req_1", None), (None, None)]


def test_ids_of_one_thread_are_not_those_of_another() -> None:
    """A run that is worked on in one thread does not appear in the lines of another."""
    logger, stream = logger_at("INFO")
    with logs.bound(run="run_1"):
        thread = threading.Thread(target=logger.info, args=("elsewhere",))
        thread.start()
        thread.join()
    (line,) = lines(stream)
    assert "run" not in line


def test_unknown_fields_are_left_out_above_debug() -> None:
    """A field that may carry names of people is written at DEBUG only."""
    logger, stream = logger_at("INFO")
    logger.info("Plan kept", extra={"people": ["Ann"], "count": 1})
    assert "Ann" not in stream.getvalue()
    assert lines(stream)[0]["count"] == 1
    logger, stream = logger_at("DEBUG")
    logger.info("Plan kept", extra={"people": ["Ann"]})
    assert lines(stream)[0]["people"] == ["Ann"]


def test_text_of_exceptions_is_left_out_above_debug() -> None:
    """An exception is named by type and place; its text may quote the portfolio."""
    for level, told in (("INFO", False), ("DEBUG", True)):
        logger, stream = logger_at(level)
        try:
            raise ValueError("Ann is not a number")
        except ValueError:
            logger.exception("Request failed")
        (line,) = lines(stream)
        assert line["error"]["type"] == "ValueError"
        assert line["error"]["where"][-1].startswith("test_logs.py:")
        assert ("Ann" in stream.getvalue()) is told


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
@pytest.mark.parametrize(
    ("said", "secret"),
    [
        (f"key {KEY} refused", KEY),
        ("store postgresql+psycopg://planner:geheim@db/pmo", "geheim"),
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
    ],
)
def test_secrets_are_blotted_out_at_every_level(level: str, said: str, secret: str) -> None:
    """Keys and passwords are never written, neither in messages nor in fields or arguments."""
    logger, stream = logger_at(level)
    logger.warning(said)
    logger.warning("said %s", said)
    logger.warning("said", extra={"reason": said})
    assert len(lines(stream)) == 3
    assert secret not in stream.getvalue()


def test_a_line_stays_one_line() -> None:
    """A message with line breaks cannot forge another line."""
    logger, stream = logger_at("INFO")
    logger.info('a\n{"level": "ERROR"}')
    assert len(stream.getvalue().splitlines()) == 1


def test_unknown_levels_are_refused() -> None:
    """A misspelt level is an error, not silence."""
    with pytest.raises(ValueError, match="chatty"):
        logs.configure("chatty")


def test_libraries_are_quiet() -> None:
    """Statements with their parameters and addresses of requests are not logged."""
    _, stream = logger_at("DEBUG")
    logging.getLogger("sqlalchemy.engine").info("INSERT ... %s", "Ann")
    logging.getLogger("uvicorn.access").info("GET /v1/runs?name=Ann")
    assert stream.getvalue() == ""


def level_of(call: ast.Call) -> str:
    """Return the level of a logging call."""
    assert isinstance(call.func, ast.Attribute)
    return call.func.attr


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Return every logging call of the service with its place."""
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    for path in sorted((ROOT / "pmo_optimizer" / "service").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in levels
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id.lower() in {"log", "logger", "logging", "_log", "_logger"}
            ):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_messages_of_the_service_are_constant() -> None:
    """Every logging call has a constant message, and what varies stands in known fields.

    Lines for finding faults may have others: they are written at debug only.
    """
    for place, call in calls():
        assert len(call.args) == 1, place
        assert isinstance(call.args[0], ast.Constant), place
        for keyword in call.keywords:
            if keyword.arg == "extra" and level_of(call) != "debug":
                assert isinstance(keyword.value, ast.Dict), place
                names = [k.value for k in keyword.value.keys if isinstance(k, ast.Constant)]
                assert set(names) <= logs.FIELDS, place
