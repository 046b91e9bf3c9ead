"""How a process ends when it is told to, as an orchestrator sees it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from postroom_images_testing.container import Container
from postroom_testing.server import wait_until

TOLD_TWICE = 143
"""128 and SIGTERM's number: what a shell makes of a process that the signal ended."""
HEARD_SECONDS = 60.0
AT_ONCE_SECONDS = 5.0
"""The engine's own part of ending a container takes up to a second or two where much else runs."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What is left of a container that was stopped."""

    code: int
    seconds: float
    last_event: str
    finished: bool


def stop(container: Container) -> Ending:
    """SIGTERM, and SIGKILL when the container's grace is over: `docker stop`."""
    seconds = container.stop()
    lines = container.output()[0].splitlines()
    last = container.events()[-1] if lines else {}
    return Ending(container.wait(), seconds, str(last.get("event")), bool(last.get("finished", True)))


def find_disorder(ending: Ending, drain_seconds: float) -> list[str]:
    """What is wrong with an end that was asked for; nothing: all was finished, in time, and said."""
    findings = []
    if ending.code != 0:
        findings.append(f"it ended with {ending.code}")
    if ending.seconds >= drain_seconds:
        findings.append(f"it took the whole {drain_seconds:g} s to drain, and more")
    if ending.last_event != "service.stopped" or not ending.finished:
        findings.append(f"its last word is {ending.last_event}")
    return findings


def find_stubbornness(container: Container, has_heard: Callable[[], bool]) -> list[str]:
    """SIGTERM twice, the second once the first was heard; whether it does not end at once, and say so.

    Raises TimeoutError when it does not hear the first.
    """
    container.signal("TERM")
    wait_until(has_heard, seconds=HEARD_SECONDS, what="the first signal to be heard")
    container.signal("TERM")
    deadline = time.monotonic() + AT_ONCE_SECONDS
    while container.running:
        if time.monotonic() > deadline:
            return [f"it still runs {AT_ONCE_SECONDS:g} s after the second signal"]
    code = container.wait()
    return [] if code == TOLD_TWICE else [f"it ended with {code}"]
