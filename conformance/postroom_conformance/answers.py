"""The api, asked as a client does, and each service as an orchestrator does."""

import http.client
import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from postroom_images_testing.container import Container
from postroom_images_testing.stack import Stack

_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """Attributes: request_id is what the client is told to quote."""

    status: int
    request_id: str
    body: dict[str, Any]


def post(stack: Stack, path: str, body: Mapping[str, Any], key: str = "") -> Answer:
    """To the api of a stack, with a key of its own unless one is given."""
    with closing(http.client.HTTPConnection(*stack.address("api"), timeout=_SECONDS)) as connection:
        headers = {"authorization": f"Bearer {key or stack.key}", "content-type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers["x-request-id"], json.loads(answer.read()))


def get(container: Container, port: int, path: str) -> tuple[int, str]:
    """Status and text of what a container answers."""
    with closing(http.client.HTTPConnection(container.address, port, timeout=_SECONDS)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
