from dataclasses import dataclass

from postroom_acceptance.arrivals import Arrivals
from postroom_acceptance.stack import Stack


@dataclass(frozen=True, slots=True)
class Running:
    """A stack, a key that it takes, and where its mail arrives."""

    stack: Stack
    key: str
    arrivals: Arrivals
    transport: str
