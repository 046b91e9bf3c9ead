"""Uvicorn as a process that an orchestrator can stop: whoever was let in is answered, then it ends and exits 0."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import uvicorn
from litestar.types import ASGIApp

from postroom_api.one_write import OneWriteProtocol

_AFTERWARDS_SECONDS = 3.0
"""Kept of the drain time for what comes after the last answer: committing, hinting, the log."""


class Server(uvicorn.Server):
    """Uvicorn's, told to stop by an event instead of by signals.

    Args:
        config: Uvicorn's.
        stop_asked: ends it when set.
    """

    def __init__(self, config: uvicorn.Config, stop_asked: threading.Event) -> None:
        super().__init__(config)
        self._stop_asked = stop_asked

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals are heard elsewhere

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._stop_asked.is_set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._take_in_those_who_wait()
        await super().shutdown(sockets)

    async def _take_in_those_who_wait(self) -> None:
        """Stop to listen, and accept whom the kernel had let in: their requests may be on the way already.

        Closing a listening socket resets all connections that wait behind it.
        """
        listeners = [opened.dup() for server in self.servers for opened in server.sockets]
        for server in self.servers:
            server.close()
        accepted = [connection for listener in listeners for connection in _accept_all(listener)]
        loop = asyncio.get_running_loop()
        make_protocol = partial(OneWriteProtocol, self.config, self.server_state, self.lifespan.state)
        for connection in accepted:
            await loop.connect_accepted_socket(make_protocol, connection)


def _accept_all(listener: socket.socket) -> list[socket.socket]:
    """Whoever waits; nobody can come after."""
    accepted = []
    with listener:
        listener.settimeout(0)
        while True:
            try:
                accepted.append(listener.accept()[0])
            except ConnectionAbortedError:  # it went away while it waited
                continue
            except OSError:  # nobody waits any more, or this process may hold no more connections
                return accepted


def make_server(
    app: ASGIApp, *, host: str, port: int, drain_seconds: float, stop_asked: threading.Event | None = None
) -> Server:
    """A server of the application.

    Args:
        app: what is served.
        host: where it listens.
        port: likewise; 0 takes any that is free.
        drain_seconds: from being told to stop to the end of the process.
        stop_asked: tells it to stop.
    """
    return Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="uvloop",
            http=OneWriteProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=max(1, int(drain_seconds - _AFTERWARDS_SECONDS)),
            backlog=2048,
        ),
        stop_asked or threading.Event(),
    )
