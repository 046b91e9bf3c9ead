"""The endpoints of the run's client: one that is steady, and one that refuses, hangs or breaks off now and then."""

import json
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self

import svix

from postroom_chaos.telling import Told

_HANG_SECONDS = 4.0
"""Longer than Postroom waits for an answer here."""
_MOODS = ("refuse", "hang", "break off")


class Endpoint:
    """Takes posts of a webhook, and keeps what it answered with success.

    Args:
        name: of the webhook.
        moody_share: which part of the deliveries is not taken the first time that it comes.
        seed: of its moods.

    Attributes:
        secret: that posts are signed with.
    """

    def __init__(self, name: str, *, moody_share: float, seed: int) -> None:
        self.name = name
        self.secret = ""
        self.told: list[Told] = []
        self._moody_share = moody_share
        self._draw = random.Random(f"{seed} {name}")  # noqa: S311 - to be repeated, not to be secret
        self._seen: set[str] = set()
        self._lock = threading.Lock()
        self.ending = threading.Event()
        self._http = _Server(self)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/{name}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self._http.shutdown()
        self._http.server_close()

    def mood(self, message_id: str) -> str | None:
        """How this post is met; None: it is taken. What was not taken once is taken the next time."""
        with self._lock:
            is_new = message_id not in self._seen
            self._seen.add(message_id)
            return self._draw.choice(_MOODS) if is_new and self._draw.random() < self._moody_share else None

    def take(self, headers: dict[str, str], body: bytes) -> None:
        """Keep what was posted."""
        event: dict[str, Any] = json.loads(body)
        told = Told(
            webhook=self.name,
            message_id=headers.get("svix-id", ""),
            type=event["type"],
            email_id=event["data"].get("email_id", ""),
            verified=self._verifies(headers, body),
        )
        with self._lock:
            self.told.append(told)

    def _verifies(self, headers: dict[str, str], body: bytes) -> bool:
        try:
            svix.Webhook(self.secret).verify(body, headers)
        except svix.WebhookVerificationError:
            return False
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ClassVar[_Server]  # type: ignore[misc]  # narrowed

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        endpoint = self.server.endpoint
        match endpoint.mood(headers.get("svix-id", "")):
            case "refuse":
                self._answer(503)
            case "hang":
                endpoint.ending.wait(_HANG_SECONDS)
                self.close_connection = True
            case "break off":
                self.close_connection = True
            case _:
                endpoint.take(headers, body)
                self._answer(200)

    def log_message(self, *_: object) -> None:
        """Nothing: the ledger tells."""

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()
