from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Ending:
    """What becomes of a job that was worked at.

    Attributes:
        again_in_seconds: until it is due again; None: it is done.
        went_well: whether the next failure counts as the first.
        note: writes what was found, in the same transaction.
    """

    again_in_seconds: float | None = None
    went_well: bool = True
    note: Callable[[Connection], None] | None = None


DONE = Ending()
