"""What the methods of the store refuse, and why."""

from __future__ import annotations

from pmo_optimizer.service.store.records import Reply


class StoreError(Exception):
    """Base of everything the store raises on purpose."""


class NotFound(StoreError):
    """The tenant has no such object; what another tenant has is not found either.

    Attributes
    ----------
    kind : str
        What was looked for: ``portfolio``, ``scenario``, ``run``, ``plan``, ``decision``, ``key``,
        ``upload``.
    id : str
        The id that was asked for.
    """

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(f"there is no {kind} {id!r}")
        self.kind = kind
        self.id = id


class Conflict(StoreError):
    """The object is not in a state that allows this.

    Attributes
    ----------
    reason : str
        A short name: ``revision``, ``has_runs``, ``pinned``, ``in_use``, ``not_ended``,
        ``illegal_move``, ``moved``, ``plan_changed``.
    detail : str
        One sentence for people.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Fenced(StoreError):
    """The attempt no longer owns the run, or the run is gone: the runner must drop its work."""

    def __init__(self, run_id: str, attempt: int) -> None:
        super().__init__(f"attempt {attempt} does not own run {run_id!r}")
        self.run_id = run_id
        self.attempt = attempt


class LimitReached(StoreError):
    """The tenant has as much of something as it may have.

    Attributes
    ----------
    which : str
        ``queued`` or ``running``.
    retry_after : float
        Seconds after which another try makes sense.
    """

    def __init__(self, which: str, retry_after: float) -> None:
        super().__init__(f"the limit of {which} runs is reached")
        self.which = which
        self.retry_after = retry_after


class Replayed(StoreError):
    """The request was done before under this idempotency key; nothing was written now.

    Attributes
    ----------
    reply : Reply
        What was answered then.
    """

    def __init__(self, reply: Reply) -> None:
        super().__init__("this request was answered before")
        self.reply = reply


class KeyReused(StoreError):
    """The idempotency key was used before with another body."""

    def __init__(self) -> None:
        super().__init__("this idempotency key was used with another body")


class BadCursor(StoreError):
    """The cursor of a list is not one that the store gave out."""

    def __init__(self) -> None:
        super().__init__("this cursor is not one of this list")


class BadText(StoreError):
    """A text holds a character that cannot be stored: a NUL or half a surrogate pair."""

    def __init__(self) -> None:
        super().__init__("a text holds a NUL character or half a surrogate pair")


class Unavailable(StoreError):
    """The database does not answer now, or is too busy; the same call may succeed later."""


class NotCurrent(StoreError):
    """The tables are not those of this version of the package."""

    def __init__(self, found: str | None, wanted: str) -> None:
        super().__init__(
            f"the database is at revision {found or 'none'} and this version needs {wanted}"
        )
        self.found = found
        self.wanted = wanted
