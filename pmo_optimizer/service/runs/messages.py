"""What parent and child say to each other: lists of texts and numbers, as JSON over one pipe.

JSON and not pickles: a child that went wrong cannot make its parent run anything.

To the child: ``("task", text)`` once, ``("stop",)`` later. From the child::

    ("begun",)                          the task is read, the work begins
    ("progress", {...})                 a line of the search's log
    ("plan", plan, facts)               JSON text of a plan that is better than all before
    ("solves", key, done, total)        a solve of a study has ended
    ("done", answer)                    JSON text of the answer
    ("invalid", findings)               the input cannot be used
    ("failed", code, detail)            the engine failed, or memory ran out
    ("bug", type)                       an error that nobody expected; its traceback is in the log
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from pmo_optimizer.model.files import parse_json
from pmo_optimizer.service.runs.limits import Limits

MOST_BYTES = 512 * 1024 * 1024
"""Of one message; a larger one ends the child."""

Message = tuple[Any, ...]


def send(connection: Connection, *message: object) -> None:
    """Send one message; it may wait until the other side reads.

    Raises
    ------
    OSError
        The other side is gone.
    """
    connection.send_bytes(json.dumps(message).encode())


def receive(connection: Connection) -> Message:
    """Wait for one message.

    Raises
    ------
    OSError, EOFError
        The other side is gone.
    ValueError
        It is no message.
    """
    return tuple(json.loads(connection.recv_bytes(MOST_BYTES)))


@dataclass(frozen=True, slots=True)
class Task:
    """What a child is to do.

    Attributes
    ----------
    kind, parameters
        See `parameters`; plain data.
    portfolio, scenario, start_plan
        JSON texts.
    limits
        What the service allows.
    """

    kind: str
    portfolio: str
    parameters: Mapping[str, Any]
    scenario: str | None = None
    start_plan: str | None = None
    limits: Limits = field(default_factory=Limits)

    def to_json(self) -> str:
        """Return the task as JSON text."""
        return json.dumps(asdict(self) | {"parameters": dict(self.parameters)})

    @classmethod
    def from_json(cls, text: str) -> Task:
        """Return the task that a JSON text is."""
        data = json.loads(text)
        return cls(**data | {"limits": Limits(**data["limits"])})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out of a run.

    Attributes
    ----------
    status, termination, objective, bound, gap
        Those of the plan; of a study, those of the portfolio as it is, null where it has none.
    message
        Why there is no plan, where that is so.
    result
        What a study found, as plain data; null for ``solve`` and ``staff``.
    plans
        JSON texts: the plan of the run, and after it the other plans of the study.
    facts
        For each plan: status, digest, objective, bound and gap, whether more of it is better,
        and the terms by which it is compared.
    """

    status: str | None
    termination: str | None = None
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    message: str = ""
    result: Mapping[str, Any] | None = None
    plans: tuple[str, ...] = ()
    facts: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> str:
        """Return the answer as JSON text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Answer:
        """Return the answer that a JSON text is."""
        data = json.loads(text)
        return cls(**data | {"plans": tuple(data["plans"]), "facts": tuple(data["facts"])})


def document(text: str, name: str) -> dict[str, Any]:
    """Return a stored JSON document as plain data with exact numbers.

    Raises
    ------
    InvalidInput
        It is not a JSON object.
    ValueError
        It is JSON, but no object.
    """
    data = parse_json(text, name)
    if not isinstance(data, dict):
        raise ValueError(f"the {name} is no object")
    return data
