import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from postroom_embedded.readiness import Questions, get_status

_STATUSES = {"/readyz": 503}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(_STATUSES.get(self.path, 404))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_only_who_is_not_ready_is_asked_again(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = Questions({"api": ("127.0.0.1", port, "/readyz"), "worker": ("127.0.0.1", port, "/other")})
    assert questions.ask() == ["api (503)", "worker (404)"]
    monkeypatch.setitem(_STATUSES, "/readyz", 200)
    assert questions.ask() == ["worker (404)"]
    monkeypatch.setitem(_STATUSES, "/readyz", 503)
    monkeypatch.setitem(_STATUSES, "/other", 200)
    assert questions.ask() == []


def test_who_does_not_listen_has_no_answer() -> None:
    assert get_status("127.0.0.1", 1, "/readyz") is None
    assert Questions({"api": ("127.0.0.1", 1, "/readyz")}).ask() == ["api (no answer)"]
