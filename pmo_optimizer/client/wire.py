"""Requests that are repeated where that is safe, and answers that are errors raised as such."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType

import httpx

from pmo_optimizer.client.errors import REPEATED_STATUS, ServiceError, Unreachable, error_of

REPEATABLE_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods that do the same when they are sent twice."""

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Errors after which the service certainly has not seen the request."""

BROKEN = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)
"""Errors after which it may have."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Retries:
    """When a request is repeated, and how long after.

    Attributes
    ----------
    attempts
        How often it is sent at most.
    first, most
        Seconds before the second attempt, doubled for each further one, and their limit; a
        random part of up to a half is taken off, so that clients do not come back together.
    patience
        Longest ``Retry-After`` in seconds that is waited for; a longer one is an error at once.
    """

    attempts: int = 8
    first: float = 0.25
    most: float = 15.0
    patience: float = 120.0

    def pause(self, attempt: int) -> float:
        """Return the seconds to wait after an attempt, 1-based."""
        full: float = min(self.most, self.first * 2 ** (attempt - 1))
        return full * (1 - random.SystemRandom().random() / 2)


class Wire:
    """Sends requests to one service; thread-safe.

    Parameters
    ----------
    base_url
        ``http://host:port``, or with a path before ``/v1``.
    api_key
        Sent as a bearer; None for a service that needs none.
    timeout
        Seconds for connecting, and without a byte of an answer.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        timeout: float,
        retries: Retries,
        transport: httpx.BaseTransport | None,
    ) -> None:
        if httpx.URL(base_url).scheme not in {"http", "https"}:
            raise ValueError(f"the address must begin with http:// or https://, not {base_url!r}")
        headers = {"Accept": "application/json"}
        if api_key is not None:
            headers["Authorization"] = f"Bearer {api_key}"
        self.retries = retries
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"), headers=headers, timeout=timeout, transport=transport
        )

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        timeout: float | None = None,
    ) -> httpx.Response:
        """Return the answer to a request, repeated as `Retries` says.

        A POST is repeated after a broken connection, or an answer that may come from a proxy
        (502, 503, 504), only with an ``Idempotency-Key``: without one the first may have been
        done. 429 says that it was not.

        Raises
        ------
        ServiceError
            For an answer of 400 and above.
        Unreachable
            Where no answer came.
        """
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        sent = dict(headers)
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        request = self._http.build_request(
            method,
            path,
            content=content,
            params=params,
            headers=sent,
            timeout=self._http.timeout if timeout is None else timeout,
        )
        repeatable = method in REPEATABLE_METHODS or "Idempotency-Key" in sent
        for attempt in range(1, self.retries.attempts + 1):
            last = attempt == self.retries.attempts
            try:
                response = self._http.send(request)
            except NOT_SENT as error:
                if last:
                    raise _unreachable(request, error) from error
                time.sleep(self.retries.pause(attempt))
            except httpx.TransportError as error:
                if last or not repeatable or not isinstance(error, BROKEN):
                    raise _unreachable(request, error) from error
                time.sleep(self.retries.pause(attempt))
            else:
                if response.status_code < 400:
                    return response
                if method == "DELETE" and response.status_code == 404 and attempt > 1:
                    # The attempt whose answer was lost has removed it.
                    return response
                wait = self._wait(response, attempt, repeated=repeatable and attempt > 1)
                if last or wait is None or not (repeatable or response.status_code == 429):
                    raise error_of(response)
                time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def json(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        timeout: float | None = None,
    ) -> object:
        """Return the JSON of the answer to a request; errors as for `request`."""
        response = self.request(
            method, path, body=body, params=params, headers=headers, timeout=timeout
        )
        return parsed(response)

    @contextmanager
    def stream(
        self, path: str, *, headers: Mapping[str, str], silence: float
    ) -> Iterator[httpx.Response]:
        """Open a stream, once, and close it at the end of the block.

        Parameters
        ----------
        silence
            Seconds without a byte after which the stream counts as broken.

        Raises
        ------
        ServiceError
            For an answer of 400 and above.
        httpx.TransportError
            Where it cannot be opened; inside the block, where it breaks.
        """
        usual = self._http.timeout
        timeout = httpx.Timeout(usual.connect, read=silence)
        with self._http.stream("GET", path, headers=dict(headers), timeout=timeout) as response:
            if response.status_code >= 400:
                response.read()
                raise error_of(response)
            yield response

    def _wait(self, response: httpx.Response, attempt: int, *, repeated: bool) -> float | None:
        """Return the seconds until the next attempt; None where there is to be none."""
        asked = retry_after(response)
        # A repeated request meets its own first attempt, which is still being answered.
        own = repeated and response.status_code == 409 and asked is not None
        if response.status_code not in REPEATED_STATUS and not own:
            return None
        if asked is None:
            return self.retries.pause(attempt)
        return asked if asked <= self.retries.patience else None


def parsed(response: httpx.Response) -> object:
    """Return the JSON of an answer.

    Raises
    ------
    ServiceError
        Where the answer is no JSON: something else than the service listens there.
    """
    try:
        value: object = response.json()
    except ValueError as error:
        raise ServiceError(
            response.status_code, "The answer is not JSON", "does the address lead to the service?"
        ) from error
    return value


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that ``Retry-After`` asks for, a number or a date; None without one."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


def _unreachable(request: httpx.Request, error: httpx.TransportError) -> Unreachable:
    what = str(error) or type(error).__name__
    return Unreachable(f"{request.method} {request.url.copy_with(query=None)}: {what}")
