"""What the driver notes while it runs, so that the ledger can be drawn up. All moments are of time.monotonic()."""

import enum
from dataclasses import dataclass


class End(enum.Enum):
    """How a process came to its end."""

    KILLED = "killed"
    STOPPED = "stopped"
    OVERDUE = "stopped, and killed because it did not end"
    BY_ITSELF = "ended by itself"


@dataclass(slots=True)
class Life:
    """One process, from one start to its end.

    Attributes:
        access_key: that it alone has, so that SES knows who asks.
        told_at: when it was sent the signal that ended it.
    """

    name: str
    access_key: str
    began: float
    told_at: float | None = None
    ended: float | None = None
    end: End | None = None
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """A fault, from its beginning to its end."""

    number: int
    kind: str
    target: str
    began: float
    ended: float

    def __str__(self) -> str:
        return f"#{self.number} {self.kind} of {self.target}"


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that SES took.

    Attributes:
        number: of the mail, as its content says; None: it is none of ours.
        access_key: of the process that handed it over.
        answered: whether the answer was given.
    """

    email_id: str
    number: int | None
    at: float
    access_key: str
    answered: bool


@dataclass(frozen=True, slots=True)
class Note:
    """What a worker's log says of an email."""

    email_id: str
    at: float
    access_key: str
    event: str
    reason: str


@dataclass(frozen=True, slots=True)
class Records:
    lives: tuple[Life, ...]
    faults: tuple[Happened, ...]
    notes: tuple[Note, ...]
