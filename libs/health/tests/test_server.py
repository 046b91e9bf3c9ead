import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import Counter

from postroom_health.backing_service import BackingService
from postroom_health.checks import Check, Readiness
from postroom_health.liveness import Liveness
from postroom_health.server import HealthServer

COUNTED = Counter("postroom_health_tested", "Counted by the tests of the health server.")


class Scene:
    """A server whose one backing service the test commands."""

    def __init__(self) -> None:
        self.problem: Exception | None = None
        self.answering = threading.Event()
        self.answering.set()
        self.liveness = Liveness(max_silence_seconds=60)
        self.readiness = Readiness(
            [Check(BackingService("database"), self.probe, required=True)], fresh_seconds=0.0, probe_seconds=0.2
        )
        self.server = HealthServer(
            "127.0.0.1",
            0,
            self.liveness,
            self.readiness,
            service="worker",
            version="0.1.0",
            release="r7",
            commit="abc",
        )

    def probe(self) -> None:
        self.answering.wait()
        if self.problem:
            raise self.problem

    def ask(self, path: str, method: str = "GET") -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=5)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()

    def ask_json(self, path: str) -> tuple[int, Any]:
        status, content, headers = self.ask(path)
        assert headers["Content-Type"] == "application/json"
        return status, json.loads(content)


@pytest.fixture
def scene() -> Iterator[Scene]:
    one = Scene()
    one.server.start()
    yield one
    one.answering.set()
    one.server.stop()


def test_alive(scene: Scene) -> None:
    assert scene.ask_json("/livez") == (200, {"status": "alive"})


def test_silent_for_too_long_until_the_next_beat(scene: Scene) -> None:
    scene.liveness._max_silence_seconds = 0.0
    time.sleep(0.001)
    assert scene.ask_json("/livez") == (503, {"status": "silent"})
    scene.liveness._max_silence_seconds = 60.0
    scene.liveness.beat()
    assert scene.ask_json("/livez")[0] == 200


def test_ready_and_not(scene: Scene) -> None:
    status, report = scene.ask_json("/readyz")
    assert (status, report["ready"], report["services"]["database"]["status"]) == (200, True, "up")
    scene.problem = ConnectionError("mysql://u:h4dden@db")
    status, report = scene.ask_json("/readyz")
    assert (status, report["ready"], report["services"]["database"]["status"]) == (503, False, "down")
    assert "h4dden" not in str(report)


def test_version(scene: Scene) -> None:
    expected = {"service": "worker", "version": "0.1.0", "release": "r7", "commit": "abc"}
    assert scene.ask_json("/version?x=1") == (200, expected)


def test_metrics(scene: Scene) -> None:
    COUNTED.inc(3)
    status, content, headers = scene.ask("/metrics")
    assert status == 200
    assert b"postroom_health_tested_total 3.0" in content
    assert headers["Content-Type"].startswith("text/plain")


def test_head_is_answered_without_content(scene: Scene) -> None:
    with socket.create_connection(("127.0.0.1", scene.server.port), timeout=5) as connection:
        connection.sendall(b"HEAD /version HTTP/1.0\r\n\r\n")
        with connection.makefile("rb") as stream:
            answer = stream.read()
    assert answer.startswith(b"HTTP/1.0 200 ")
    assert b"Content-Length: " in answer
    assert answer.endswith(b"\r\n\r\n")


def test_other_paths_and_methods(scene: Scene) -> None:
    assert scene.ask_json("/") == (404, {"error": "not found"})
    assert scene.ask_json("/livez/..%2f")[0] == 404
    status, content, headers = scene.ask("/livez", "POST")
    assert (status, json.loads(content), headers["Allow"]) == (405, {"error": "method not allowed"}, "GET, HEAD")


def test_it_answers_while_a_probe_hangs(scene: Scene) -> None:
    scene.answering.clear()
    asking = threading.Thread(target=scene.ask, args=("/readyz",))
    asking.start()
    started = time.monotonic()
    assert scene.ask_json("/livez")[0] == 200
    assert scene.ask("/metrics")[0] == 200
    assert time.monotonic() - started < 0.2
    asking.join()
    assert scene.ask_json("/readyz")[0] == 503


def test_garbage_gets_no_stack_trace(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    for garbage in (
        b"\r\n\r\n",
        b"\x00\xff\x16\x03\r\n\r\n",
        b"GET /livez HTTP/9.9\r\n\r\n",
        b"G" * 70_000 + b"\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", scene.server.port), timeout=5) as connection:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            try:
                answer = connection.recv(65_536)
            except ConnectionResetError:
                answer = b""
        assert b"Traceback" not in answer
        assert b"Python" not in answer
    with socket.create_connection(("127.0.0.1", scene.server.port), timeout=5) as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")  # and away without reading
    assert scene.ask_json("/livez")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_a_broken_answer_is_500_without_its_reason(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("h4dden")

    monkeypatch.setattr(scene.readiness, "report", fail)
    assert scene.ask_json("/readyz") == (500, {"error": "internal server error"})


def test_a_port_that_is_taken_is_an_error_at_the_start(scene: Scene) -> None:
    second = HealthServer(
        "127.0.0.1",
        scene.server.port,
        scene.liveness,
        scene.readiness,
        service="worker",
        version="0.1.0",
        release="r7",
        commit="abc",
    )
    with pytest.raises(OSError, match="Address already in use"):
        second.start()


def test_after_stop_nothing_listens() -> None:
    scene = Scene()
    scene.server.start()
    assert scene.ask("/livez")[0] == 200
    scene.server.stop()
    scene.server.stop()
    with pytest.raises(ConnectionRefusedError):
        scene.ask("/livez")
