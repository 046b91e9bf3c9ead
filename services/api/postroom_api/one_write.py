"""A connection as clients should find it: an answer in one packet, and an end that is announced.

Uvicorn writes the head and the body of an answer apart: two system calls, and two wake-ups of the client. Gathering
them was measured to let one process answer a third more requests.

When it is told to stop, Uvicorn closes each connection on which no request is being answered, though the next one may
be on its way; its client would not know what became of it.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_LAST_REQUEST_SECONDS = 1.0
"""After being told to stop, how long a connection may be silent. Longer than a request is on its way; a client that
sends its next one later would just as well have met the end of an idle connection at any other time."""


class _GatheredWrites:
    """A transport whose writes within one turn of the event loop go out together."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._gathered: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._gathered:
            self._loop.call_soon(self._flush)
        self._gathered.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._gathered:
            data, self._gathered = b"".join(self._gathered), []
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class OneWriteProtocol(HttpToolsProtocol):
    _ending = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        super().connection_made(_GatheredWrites(transport, self.loop))  # type: ignore[arg-type]  # delegates the rest

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self._ending:
            self.cycle.keep_alive = False  # the answer says "connection: close"

    def shutdown(self) -> None:
        """Told to stop: the next answer is the last on this connection, and it ends when none is asked for."""
        self._ending = True
        if self.cycle is not None and not self.cycle.response_complete:  # type: ignore[redundant-expr]  # None at first
            self.cycle.keep_alive = False
            return
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(_LAST_REQUEST_SECONDS, self.timeout_keep_alive_handler)
