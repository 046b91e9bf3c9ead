"""How the server ends for those that are connected, over an application that can be kept busy."""

import http.client
import threading
import time
from collections.abc import Iterator

import pytest
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from postroom_api.server import Server, make_server

SECONDS = 10


class BusyApp:
    """Answers 200; a request of /busy keeps the event loop from everything else until the gate opens."""

    def __init__(self) -> None:
        self.is_busy = threading.Event()
        self.gate = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:  # the life of the application, which litestar's types leave out
            await receive()
            await send({"type": "lifespan.startup.complete"})  # type: ignore[typeddict-item]
            await receive()
            await send({"type": "lifespan.shutdown.complete"})  # type: ignore[typeddict-item]
            return
        if scope["path"] == "/busy":
            self.is_busy.set()
            assert self.gate.wait(SECONDS)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@pytest.fixture
def app() -> BusyApp:
    return BusyApp()


@pytest.fixture
def stop_asked() -> threading.Event:
    return threading.Event()


@pytest.fixture
def server(app: BusyApp, stop_asked: threading.Event) -> Iterator[Server]:
    made = make_server(app, host="127.0.0.1", port=0, drain_seconds=SECONDS, stop_asked=stop_asked)
    thread = threading.Thread(target=made.run)
    thread.start()
    while not made.started:
        assert thread.is_alive()
        time.sleep(0.005)
    yield made
    app.gate.set()
    stop_asked.set()
    thread.join(SECONDS)
    assert not thread.is_alive()


def ask(server: Server, path: str) -> http.client.HTTPConnection:
    [listening] = server.servers
    connection = http.client.HTTPConnection("127.0.0.1", listening.sockets[0].getsockname()[1], timeout=SECONDS)
    connection.request("GET", path)
    return connection


def read(connection: http.client.HTTPConnection) -> tuple[int, str | None]:
    """Status, and what the answer says of the connection."""
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.getheader("connection")


def test_whoever_waited_to_be_accepted_when_it_was_told_to_stop_is_answered(
    server: Server, app: BusyApp, stop_asked: threading.Event
) -> None:
    busy = ask(server, "/busy")
    assert app.is_busy.wait(SECONDS)
    waiting = [ask(server, "/") for _ in range(50)]
    stop_asked.set()
    time.sleep(0.2)  # its next look at whether it should stop is due, before its next look at who waits
    app.gate.set()
    assert read(busy)[0] == 200
    answers = [read(connection) for connection in waiting]
    assert [status for status, _ in answers] == [200] * 50
    assert answers[-1] == (200, "close")
