"""Whether containers are ready, by the question that their own health check asks, without its pauses."""

import time
from dataclasses import dataclass

from postroom_release import engine

_PAUSE_SECONDS = 0.5
_RESTARTS = 3
"""A service that ended so often while it was waited for ends for a reason that does not go away."""


@dataclass(frozen=True, slots=True)
class _Container:
    id: str
    question: tuple[str, ...]
    restarts: int


def wait_ready(project: str, service: str, *, seconds: float) -> bool:
    """Whether all containers of a service came to be ready in that time."""
    deadline = time.monotonic() + seconds
    before = {one.id: one.restarts for one in _containers(project, service)}
    while time.monotonic() < deadline:
        containers = _containers(project, service)
        if containers and all(engine.ask(one.id, one.question) for one in containers):
            return True
        if any(one.restarts - before.get(one.id, 0) >= _RESTARTS for one in containers):
            return False
        time.sleep(_PAUSE_SECONDS)
    return False


def _containers(project: str, service: str) -> list[_Container]:
    return [
        _Container(told["Id"], _question(told["Config"]["Healthcheck"]["Test"]), told["RestartCount"])
        for told in engine.inspect_containers(project, service)
    ]


def _question(test: list[str]) -> tuple[str, ...]:
    return ("sh", "-c", *test[1:]) if test[0] == "CMD-SHELL" else tuple(test[1:])
