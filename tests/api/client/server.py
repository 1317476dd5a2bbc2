"""A small HTTP server whose answers a test writes down, for what a healthy service never does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """What is sent for one request.

    Attributes
    ----------
    chunks
        Parts of the body, sent one by one.
    broken
        Close the connection without (the rest of) an answer.
    """

    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    chunks: tuple[bytes, ...] = ()
    broken: bool = False


@dataclass(frozen=True)
class Asked:
    """What a request was."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Script:
    """Answers that are given in turn, the last one for ever, and the requests that came."""

    def __init__(self, answers: tuple[Answer, ...]) -> None:
        self._answers = list(answers)
        self._lock = threading.Lock()
        self.asked: list[Asked] = []

    def take(self, asked: Asked) -> Answer:
        """Note a request and return its answer."""
        with self._lock:
            self.asked.append(asked)
            return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@contextmanager
def scripted(*answers: Answer) -> Iterator[tuple[str, Script]]:
    """Serve answers on a free port; gives the address and the script."""
    script = Script(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            asked = Asked(self.command, self.path, dict(self.headers), self.rfile.read(length))
            self.send(script.take(asked))

        do_GET = do_POST = do_PUT = do_DELETE = handle_any

        def send(self, answer: Answer) -> None:
            self.close_connection = answer.broken or bool(answer.chunks)
            if answer.broken and not answer.chunks:
                return
            body = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if not answer.chunks:
                self.send_header("Content-Length", str(len(body)))
            elif answer.broken:
                # A length that is not kept: the client sees that something is missing.
                self.send_header("Content-Length", "1000000")
            self.end_headers()
            for chunk in answer.chunks or (body,):
                self.wfile.write(chunk)
                self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
