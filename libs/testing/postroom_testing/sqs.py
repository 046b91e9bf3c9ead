"""A queue of SQS, over HTTP: AWS JSON 1.0, as far as receiving and deleting need it."""

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_MAX_MESSAGES = 10


@dataclass(slots=True)
class _Queued:
    body: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    hidden_until: float = 0.0
    receipt: str | None = None


class SqsServer:
    """An SQS with one queue.

    Attributes:
        url: of the queue.
        received: how often messages were received.
        before_delete: called when messages are about to be deleted.
        fault: the name of the error that every request is answered with; None: none.
    """

    def __init__(self) -> None:
        self.received = 0
        self.before_delete: Callable[[], None] = lambda: None
        self.fault: str | None = None
        self._queued: dict[str, _Queued] = {}
        self._lock = threading.Lock()
        self._http = _HttpServer(("127.0.0.1", 0), _Handler)
        self._http.sqs = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/123456789012/dead-letters"

    def put(self, body: str) -> str:
        """Put a message into the queue; its id."""
        queued = _Queued(body)
        with self._lock:
            self._queued[queued.id] = queued
        return queued.id

    def left(self) -> list[str]:
        """The ids of all messages that were not deleted, hidden ones too."""
        with self._lock:
            return list(self._queued)

    def show_all(self) -> None:
        """As if every visibility time-out were over."""
        with self._lock:
            for queued in self._queued.values():
                queued.hidden_until = 0.0

    def answer(self, action: str, asked: dict[str, Any]) -> dict[str, Any] | None:
        """What a request is answered; None: there is no such queue or action."""
        if asked.get("QueueUrl") != self.url:
            return None
        match action:
            case "ReceiveMessage":
                return self._receive(asked)
            case "DeleteMessageBatch":
                self.before_delete()
                return self._delete(asked["Entries"])
            case _:
                return None

    def _receive(self, asked: dict[str, Any]) -> dict[str, Any]:
        now = time.monotonic()
        with self._lock:
            visible = [one for one in self._queued.values() if one.hidden_until <= now]
            given = visible[: min(asked.get("MaxNumberOfMessages", 1), _MAX_MESSAGES)]
            for one in given:
                one.hidden_until = now + asked.get("VisibilityTimeout", 30)
                one.receipt = uuid.uuid4().hex
                self.received += 1
            messages = [
                {
                    "MessageId": one.id,
                    "ReceiptHandle": one.receipt,
                    "MD5OfBody": hashlib.md5(one.body.encode()).hexdigest(),  # noqa: S324 - SQS's own
                    "Body": one.body,
                }
                for one in given
            ]
        return {"Messages": messages} if messages else {}

    def _delete(self, entries: list[dict[str, str]]) -> dict[str, Any]:
        done: list[dict[str, str]] = []
        failed: list[dict[str, Any]] = []
        with self._lock:
            by_receipt = {one.receipt: one.id for one in self._queued.values()}
            for entry in entries:
                found = by_receipt.get(entry["ReceiptHandle"])
                if found is None:
                    failed.append({"Id": entry["Id"], "Code": "ReceiptHandleIsInvalid", "SenderFault": True})
                else:
                    del self._queued[found]
                    done.append({"Id": entry["Id"]})
        return {"Successful": done, "Failed": failed}

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _HttpServer(ThreadingHTTPServer):
    sqs: SqsServer
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is part of the game."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HttpServer

    def log_message(self, *_: object) -> None:
        """Stderr stays quiet."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        service, _, action = self.headers.get("X-Amz-Target", "").partition(".")
        sqs = self.server.sqs
        fault = sqs.fault
        answer = sqs.answer(action, asked) if service == "AmazonSQS" and fault is None else None
        if answer is None:
            name = fault or "QueueDoesNotExist"
            self._send(400, {"__type": f"com.amazonaws.sqs#{name}", "message": "The tests wanted it so."})
        else:
            self._send(200, answer)

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
