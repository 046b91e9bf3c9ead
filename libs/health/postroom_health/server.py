"""The tiny HTTP server of a process that serves nothing else: what an orchestrator asks."""

import json
import socketserver
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6
from typing import Any

from loguru import logger

from postroom_health.checks import Readiness
from postroom_health.liveness import Liveness
from postroom_health.metrics import BUILD, CONTENT_TYPE, render_metrics

_REQUEST_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Answer:
    status: HTTPStatus
    content: bytes
    content_type: str = "application/json"


class HealthServer:
    """Answers /livez, /readyz, /metrics and /version, each request in a thread of its own.

    Args:
        port: 0 takes any that is free; `port` tells which, once started.
    """

    def __init__(
        self,
        host: str,
        port: int,
        liveness: Liveness,
        readiness: Readiness,
        *,
        service: str,
        version: str,
        release: str,
        commit: str,
    ) -> None:
        self.port = port
        self._host = host
        self._liveness = liveness
        self._readiness = readiness
        self._version = {"service": service, "version": version, "release": release, "commit": commit}
        BUILD.labels(service, version, release, commit).set(1)
        self._server: _Server | None = None

    def start(self) -> None:
        """Raises OSError when the address cannot be bound."""
        answers = {
            "/livez": self._answer_livez,
            "/readyz": self._answer_readyz,
            "/metrics": lambda: _Answer(HTTPStatus.OK, render_metrics(), CONTENT_TYPE),
            "/version": lambda: _json(HTTPStatus.OK, self._version),
        }
        self._server = _Server(self._host, self.port, answers)
        self.port = self._server.server_port
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="health", daemon=True
        ).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _answer_livez(self) -> _Answer:
        if self._liveness.alive():
            return _json(HTTPStatus.OK, {"status": "alive"})
        return _json(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "silent"})

    def _answer_readyz(self) -> _Answer:
        report = self._readiness.report()
        return _json(HTTPStatus.OK if report.ready else HTTPStatus.SERVICE_UNAVAILABLE, asdict(report))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a probe that hangs must not hold up the end of the process
    request_queue_size = 128

    def __init__(self, host: str, port: int, answers: dict[str, Callable[[], _Answer]]) -> None:
        self.address_family = AF_INET6 if ":" in host else AF_INET
        self.answers = answers
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own would ask the DNS for this host's name, which can hang.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]  # wider in typeshed

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event; socketserver would print a stack trace."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _REQUEST_SECONDS
    server_version = "postroom"
    sys_version = ""

    def do_GET(self) -> None:
        self._send(self._find_answer())

    do_HEAD = do_GET  # noqa: N815 - the stdlib's name

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Malformed requests and unknown methods: JSON like everything else, and nothing of what was sent."""
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        self._send(_error(status))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the stdlib's signature
        """No line per request: an orchestrator asks every few seconds."""

    def _find_answer(self) -> _Answer:
        answer = self.server.answers.get(self.path.partition("?")[0])
        if answer is None:
            return _error(HTTPStatus.NOT_FOUND)
        try:
            return answer()
        except Exception:  # the asker gets no stack trace; the log does
            logger.exception("health.failed", path=self.path)
            return _error(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _send(self, answer: _Answer) -> None:
        self.close_connection = True
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.content)))
        self.send_header("Cache-Control", "no-store")
        if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)


def _json(status: HTTPStatus, value: object) -> _Answer:
    return _Answer(status, json.dumps(value).encode())


def _error(status: HTTPStatus) -> _Answer:
    return _json(status, {"error": status.phrase.lower()})
