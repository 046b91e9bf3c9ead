"""A server that answers what it was told to, whatever is true: for violations of what an api promises."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_LOOK_SECONDS = 0.05
_NOT_FOUND = 404


class Liar:
    """On loopback.

    Args:
        answers: by method and path; what is not there is answered 404. All are JSON with the status 200.
    """

    def __init__(self, answers: Mapping[tuple[str, str], Any]) -> None:
        self._server = _HttpServer(("127.0.0.1", 0), _Handler)
        self._server.answers = answers
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": _LOOK_SECONDS})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    answers: Mapping[tuple[str, str], Any]


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        told = self.server.answers.get((self.command, self.path.partition("?")[0]))
        body = json.dumps(told).encode()
        self.send_response(_NOT_FOUND if told is None else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the stdlib's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the stdlib's signature
        """Nothing is printed."""
