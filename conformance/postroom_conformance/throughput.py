"""What more workers do, where it is waiting for the provider that takes the time."""

import time

from postroom_testing.ses import SesServer

LEAST_RATIO = 1.4
"""Two workers do twice what one does. Less is asked for, because they may share two cores with much else; a second
worker that does nothing is at 1."""


def measure_rate(ses: SesServer, seconds: float) -> float:
    """How many emails a second SES takes, while more wait than can be sent in that time."""
    before, began = len(ses.mails), time.monotonic()
    time.sleep(seconds)
    return (len(ses.mails) - before) / (time.monotonic() - began)


def find_idle(one: float, two: float) -> list[str]:
    """Whether the second worker does nothing, by the rates of one and of two."""
    return [] if two >= LEAST_RATIO * one else [f"two workers do {two / one:.2f} times what one does"]
