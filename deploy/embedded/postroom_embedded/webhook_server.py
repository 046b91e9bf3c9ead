"""The receiving end of a webhook: takes what is signed with its secret, and says what it was."""

import json
import socketserver
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from postroom_domain.webhook_signatures import InvalidSignature, verify
from postroom_embedded.variables import LOOPBACK

_MAX_BYTES = 1024 * 1024
_PATIENCE_SECONDS = 10.0


class WebhookServer(ThreadingHTTPServer):
    """Listens on loopback from the beginning; answers once it has been given the secret.

    Args:
        port: 0: any that is free.
        say: is given a line for each event.
        complain: is given a line for each request that is refused.

    Raises:
        OSError: nobody can listen there.
    """

    daemon_threads = True

    def __init__(self, port: int, *, say: Callable[[str], None], complain: Callable[[str], None]) -> None:
        super().__init__((LOOPBACK, port), _Request)
        self.say = say
        self.complain = complain
        self.secret = ""

    def server_bind(self) -> None:
        # Without asking a name server what this machine is called, as HTTPServer does.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_port}/"

    def answer(self, secret: str) -> None:
        """Begin to take what is signed with a secret."""
        self.secret = secret
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Request(BaseHTTPRequestHandler):
    server: WebhookServer
    timeout = _PATIENCE_SECONDS

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isdecimal() and int(length) <= _MAX_BYTES):
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"it is not of at most {_MAX_BYTES} bytes")
            return
        body = self.rfile.read(int(length))
        given = [self.headers.get(f"svix-{name}", "") for name in ("id", "timestamp", "signature")]
        message_id, timestamp, signature = given
        try:
            verify(self.server.secret, message_id, timestamp, signature, body, now=time.time())
        except InvalidSignature as problem:
            self._refuse(HTTPStatus.UNAUTHORIZED, str(problem))
            return
        self.server.say(describe(json.loads(body), message_id))
        self._answer(HTTPStatus.OK)

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self.server.complain(f"refused a request that nobody should trust: {reason}")
        self._answer(status)

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """What came is said already."""


def describe(payload: Mapping[str, Any], message_id: str) -> str:
    """A line: when it happened, what, to whom or to what, and the id of the message."""
    when = datetime.fromisoformat(payload["created_at"]).astimezone().strftime("%H:%M:%S")
    return f"{when} {payload['type']} {_about(payload['data'])} {message_id}"


def _about(data: Mapping[str, Any]) -> str:
    if isinstance(data.get("to"), list):
        return str(data.get("recipient") or ",".join(data["to"]))
    return str(data.get("email") or data.get("name") or data.get("id") or "-")
