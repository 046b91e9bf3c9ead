"""The api, asked as a client does, and each service as an orchestrator does."""

from collections.abc import Mapping
from typing import Any

from postroom_api_testing.exchange import Answer, exchange
from postroom_images_testing.container import Container
from postroom_images_testing.stack import PORTS, Stack

_SECONDS = 30


def get(container: Container, port: int, path: str) -> Answer:
    """What a container answers at one of its ports."""
    return exchange(port, "GET", path, None, {}, timeout_seconds=_SECONDS, host=container.address)


def ask(
    api: Container, key: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """What an api answers to whoever has that key."""
    given = {"authorization": f"Bearer {key}", "content-type": "application/json", **(headers or {})}
    return exchange(PORTS["api"], method, path, body, given, timeout_seconds=_SECONDS, host=api.address)


def post(stack: Stack, path: str, body: Mapping[str, Any], key: str = "", **headers: str) -> Answer:
    """To the api of a stack, with a key of its own unless one is given."""
    return ask(stack.containers["api"], key or stack.key, "POST", path, body, headers)
