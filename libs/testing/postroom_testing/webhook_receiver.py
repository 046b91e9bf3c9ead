"""A client's endpoints: they record what is posted to them, and misbehave as they are told to."""

import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Received:
    """One request. Names of headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        return self.headers["svix-id"]


@dataclass(frozen=True)
class Answer:
    """How an endpoint answers.

    Attributes:
        location: of a redirect.
        hangs: it never answers, and keeps the connection open.
        drips: it sends a byte of its endless answer now and then.
        waits_for: it answers when this is true.
    """

    status: int = 200
    body: bytes = b""
    location: str | None = None
    hangs: bool = False
    drips: bool = False
    waits_for: Callable[[], bool] = lambda: True


class WebhookReceiver:
    """An HTTP server; each path of it is an endpoint of its own.

    Args:
        host: the address to bind; containers reach one of their network's gateway, not this machine's loopback.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.requests: list[Received] = []
        """What was posted, in the order of arrival."""
        self.answers: dict[str, Answer] = {}
        """By path; an endpoint that is not named here answers 200."""
        self.most_at_once: dict[str, int] = {}
        """Requests that a path answered at the same time, at most."""
        self._at_once: dict[str, int] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._host = host
        self._server = _HttpServer(host, self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": _LOOK_SECONDS})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, path: str = "/") -> str:
        return f"http://{self._host}:{self._server.server_address[1]}{path}"

    def of(self, path: str) -> list[Received]:
        """What was posted to one endpoint."""
        return [request for request in self.requests if request.path == path]

    def note(self, request: Received) -> Answer:
        with self._lock:
            self.requests.append(request)
            now = self._at_once[request.path] = self._at_once.get(request.path, 0) + 1
            self.most_at_once[request.path] = max(now, self.most_at_once.get(request.path, 0))
        return self.answers.get(request.path, Answer())

    def note_end(self, path: str) -> None:
        with self._lock:
            self._at_once[path] -= 1

    def wait_closing(self, seconds: float) -> bool:
        return self._closing.wait(seconds)


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str, receiver: WebhookReceiver) -> None:
        super().__init__((host, 0), _Handler)
        self.receiver = receiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is part of the game."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HttpServer

    def log_message(self, *_: object) -> None:
        """Tests read `requests`; stderr stays quiet."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver = self.server.receiver
        answer = receiver.note(Received(self.path, headers, body))
        try:
            self._answer(answer)
        finally:
            receiver.note_end(self.path)

    def _answer(self, answer: Answer) -> None:
        while answer.hangs or not answer.waits_for():
            if self._client_is_gone() or self.server.receiver.wait_closing(_LOOK_SECONDS):
                self.close_connection = True
                return
        self.send_response(answer.status)
        if answer.location is not None:
            self.send_header("Location", answer.location)
        self.send_header("Content-Length", "1000000" if answer.drips else str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        while answer.drips and not self.server.receiver.wait_closing(_LOOK_SECONDS):
            self.wfile.write(b"x")

    def _client_is_gone(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except ConnectionError:
            return True
