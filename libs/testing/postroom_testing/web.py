"""A web server that says exactly what a test wants it to say."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress

import pytest

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]


class Web:
    """A server that gives one fixed answer, byte for byte, in pieces with a pause after each."""

    def __init__(self, pieces: Sequence[bytes], pause_seconds: float, context: ssl.SSLContext | None) -> None:
        self._pieces = pieces
        self._pause_seconds = pause_seconds
        self._context = context
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept)
        self.requests: list[bytes] = []
        self.sent_bytes = 0
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http{'s' if context else ''}://web.example:{self.port}/path"
        self._thread.start()

    def close(self) -> None:
        if self._closing.is_set():
            return
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            with connected, suppress(OSError):
                connected.settimeout(10)
                if self._context is None:
                    self._answer(connected)
                    continue
                with self._context.wrap_socket(connected, server_side=True) as encrypted:
                    self._answer(encrypted)

    def _answer(self, connected: socket.socket) -> None:
        self.requests.append(read_request(connected))
        for piece in self._pieces:
            connected.sendall(piece)
            self.sent_bytes += len(piece)
            if self._closing.wait(self._pause_seconds):
                return


Serve = Callable[..., Web]


def read_request(connected: socket.socket) -> bytes:
    """Raises ConnectionError when the client goes away before its request is whole."""
    with connected.makefile("rb") as stream:
        lines: list[bytes] = []
        length = 0
        while not lines or lines[-1] != b"\r\n":
            lines.append(stream.readline())
            name, _, value = lines[-1].partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            if not lines[-1]:
                raise ConnectionError("the client has gone")
        return b"".join(lines) + stream.read(length)


def ok(body: bytes, headers: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(*pieces: bytes, pause_seconds: float = 0, context: ssl.SSLContext | None = None) -> Web:
            web = Web(pieces, pause_seconds, context)
            stack.callback(web.close)
            return web

        yield start
