"""A client that keeps a number of connections busy. Arguments: port, key, connections, seconds.

Prints one JSON object: how many mails were accepted, and the median time of an answer in milliseconds.
"""

import asyncio
import json
import statistics
import sys
import time
from typing import cast

import uvloop

_BODY = json.dumps(
    {
        "from": "Widgets, Inc. <hello@example.com>",
        "to": ["customer@example.com"],
        "subject": "Your order has been shipped",
        "html": "<p>" + "It is on its way. " * 100 + "</p>",
        "text": "It is on its way. " * 50,
        "tags": [{"name": "kind", "value": "order"}],
    }
).encode()


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the answer to the last one is complete."""

    def __init__(self, request: bytes, until: float, seconds: list[float]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._until = until
        self._seconds = seconds
        self._answer = b""
        self._started = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, separator, body = self._answer.partition(b"\r\n\r\n")
        if not separator or len(body) < int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._end(RuntimeError(self._answer.decode()))
            return
        now = time.perf_counter()
        self._seconds.append(now - self._started)
        if now < self._until:
            self._send()
        else:
            self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionError("the api closed the connection"))

    def _send(self) -> None:
        self._answer = b""
        self._started = time.perf_counter()
        if self._transport is not None:
            self._transport.write(self._request)

    def _end(self, problem: Exception | None) -> None:
        if self.done.done():
            return
        if problem is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(problem)
        if self._transport is not None:
            self._transport.close()


async def _run(port: int, key: str, connections: int, seconds: float) -> None:
    request = (
        f"POST /emails HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(_BODY)}\r\n\r\n"
    ).encode() + _BODY
    taken: list[float] = []
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: _Connection(request, began + seconds, taken), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for _, connection in opened))
    elapsed = time.perf_counter() - began
    sys.stdout.write(
        json.dumps({"per_second": len(taken) / elapsed, "median_ms": statistics.median(taken) * 1000}) + "\n"
    )


def main() -> None:
    port, key, connections, seconds = sys.argv[1:]
    uvloop.run(_run(int(port), key, int(connections), float(seconds)))


if __name__ == "__main__":
    main()
