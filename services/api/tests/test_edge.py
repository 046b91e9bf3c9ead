import asyncio
from typing import Any

from postroom_api.edge import Edge

SCOPE: dict[str, Any] = {"type": "http", "method": "POST", "path": "/emails", "headers": [], "state": {}}


def test_a_request_that_is_ended_before_its_answer_is_put_off() -> None:
    """As Uvicorn ends what the drain time did not suffice for."""
    sent: list[Any] = []

    async def hang(*_: Any) -> None:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        asked: Any = Edge(hang)(dict(SCOPE), None, send)  # type: ignore[arg-type]  # nothing is received
        task = asyncio.ensure_future(asked)
        await asyncio.sleep(0)
        task.cancel()
        await task

    asyncio.run(run())
    headers = dict(sent[0]["headers"])
    assert (sent[0]["status"], headers[b"retry-after"]) == (503, b"5")
    assert b"x-request-id" in headers
    assert len(sent[1]["body"]) == int(headers[b"content-length"]) > 0
