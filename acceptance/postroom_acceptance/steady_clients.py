"""Clients that keep their connections, as SDKs with a pool do, and notice each request that was not answered."""

import threading
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any

from postroom_acceptance.kept_connection import KeptConnection

_OK = 200
_PAUSE_SECONDS = 0.02
"""Between an answer and the next request: most of the time a connection is silent, as most clients' are."""


class SteadyClients:
    """Post one email after the other. Each stays with an api until it is told that the connection ends.

    A connection that is refused carried no request, so the client takes the next api. Any other end before an answer
    is a failed request: its client does not know what became of it, and without an idempotency key may not repeat it.

    Args:
        addresses: of the apis, host and port.
        key: that they take.
        clients: how many at once.

    Attributes:
        ids: of the emails that were accepted.
        failures: requests that were sent and not answered, or answered otherwise.
        moves: how often a client went on to the next api.
    """

    def __init__(self, addresses: Sequence[tuple[str, int]], key: str, *, clients: int) -> None:
        self._addresses = addresses
        self._key = key
        self._stopping = threading.Event()
        self.ids: list[str] = []
        self.failures: list[str] = []
        self.moves = 0
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        for connection in self._connections():
            try:
                while not (connection.ended or self._stopping.is_set()):
                    self._note(*connection.post("steady")[:2])
                    self._stopping.wait(_PAUSE_SECONDS)
            except Exception as problem:  # noqa: BLE001 - told by the test
                self.failures.append(repr(problem))

    def _note(self, status: int, body: Any) -> None:
        if status == _OK:
            self.ids.append(body["id"])
        else:
            self.failures.append(f"{status}: {body}")

    def _connections(self) -> Iterator[KeptConnection]:
        for host, port in cycle(self._addresses):
            if self._stopping.is_set():
                return
            try:
                with KeptConnection(port, self._key, host) as connection:
                    yield connection
            except ConnectionRefusedError:
                pass
            self.moves += 1
