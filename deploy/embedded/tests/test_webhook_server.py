"""The receiving end of `webhook-listen`: what it takes, what it refuses, and what it says."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from postroom_domain.webhook_signatures import new_secret, sign
from postroom_embedded.webhook_server import WebhookServer, describe

SECRET = new_secret()
WHEN = "2026-11-24T15:16:17.123456+00:00"
LOCAL = datetime.fromisoformat(WHEN).astimezone().strftime("%H:%M:%S")
BODY = json.dumps({"type": "email.sent", "created_at": WHEN, "data": {"to": ["one@example.com"]}}).encode()


class Heard:
    """What the server says."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.complaints: list[str] = []
        self.server = WebhookServer(0, say=self.said.append, complain=self.complaints.append)

    def post(self, body: bytes = BODY, **headers: str) -> int:
        """The status that it answers."""
        timestamp = int(time.time())
        given = {
            "svix_id": "msg_1",
            "svix_timestamp": str(timestamp),
            "svix_signature": sign([SECRET], "msg_1", timestamp, BODY),
        } | headers
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=10)
        try:
            connection.request("POST", "/", body, {name.replace("_", "-"): value for name, value in given.items()})
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture
def heard() -> Iterator[Heard]:
    heard = Heard()
    with heard.server as server:
        server.answer(SECRET)
        yield heard
        server.shutdown()


def test_what_is_signed_is_said(heard: Heard) -> None:
    assert heard.post() == 200
    assert heard.said == [f"{LOCAL} email.sent one@example.com msg_1"]
    assert heard.complaints == []


@pytest.mark.parametrize(
    "changed",
    [{"svix_id": "msg_2"}, {"svix_signature": "v1,x"}, {"svix_timestamp": "1"}, {"svix_timestamp": "soon"}],
)
def test_what_was_altered_is_refused_aloud(heard: Heard, changed: dict[str, Any]) -> None:
    assert heard.post(**changed) == 401
    assert heard.post(BODY + b" ") == 401
    assert heard.said == []
    assert len(heard.complaints) == 2
    assert heard.post() == 200


@pytest.mark.parametrize("length", ["", "-1", "1048577", "9" * 30, "x"])
def test_a_body_of_no_known_size_is_not_read(heard: Heard, length: str) -> None:
    with socket.create_connection(("127.0.0.1", heard.server.server_port), timeout=10) as connection:
        connection.sendall(f"POST / HTTP/1.0\r\nContent-Length: {length}\r\n\r\n".encode())
        assert connection.recv(100).split()[1] == b"413"
    assert (heard.said, len(heard.complaints)) == ([], 1)


def test_one_that_sends_nothing_holds_up_nobody(heard: Heard) -> None:
    with socket.create_connection(("127.0.0.1", heard.server.server_port), timeout=10):
        assert heard.post() == 200


def test_who_comes_before_the_secret_is_known_waits() -> None:
    heard = Heard()
    with heard.server as server, socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as early:
        timestamp = int(time.time())
        signature = sign([SECRET], "msg_1", timestamp, BODY)
        head = f"svix-id: msg_1\r\nsvix-timestamp: {timestamp}\r\nsvix-signature: {signature}\r\n"
        early.sendall(f"POST / HTTP/1.0\r\nContent-Length: {len(BODY)}\r\n{head}\r\n".encode() + BODY)
        server.answer(SECRET)
        assert early.recv(100).split()[1] == b"200"
        server.shutdown()


@pytest.mark.parametrize(
    ("data", "about"),
    [
        ({"to": ["one@example.com", "two@example.com"]}, "one@example.com,two@example.com"),
        ({"to": ["one@example.com", "two@example.com"], "recipient": "two@example.com"}, "two@example.com"),
        ({"email": "one@example.com", "id": "1"}, "one@example.com"),
        ({"name": "example.com", "id": "1"}, "example.com"),
        ({"id": "1"}, "1"),
        ({}, "-"),
    ],
)
def test_a_line_says_when_what_to_whom(data: dict[str, object], about: str) -> None:
    payload = {"type": "x.happened", "created_at": WHEN.replace("+00:00", "Z"), "data": data}
    assert describe(payload, "msg_1") == f"{LOCAL} x.happened {about} msg_1"
