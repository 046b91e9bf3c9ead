"""The ledger of schedules that fire each minute: every slot one email, and every such email once a slot. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

_EVERY = timedelta(minutes=1)
FIRED = "fired"


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot as the api lists it."""

    schedule: str
    at: datetime
    outcome: str
    email_id: str | None


@dataclass(frozen=True, slots=True)
class SlotsLedger:
    slots: int
    problems: tuple[str, ...]


def draw_up_slots(
    slots: Sequence[Slot], taken: Mapping[str, str], held: Collection[str], *, fewest: int
) -> SlotsLedger:
    """Set off the slots that schedules had against what SES took.

    Args:
        slots: of all schedules.
        taken: the schedule, as the mail itself says, by the email's id.
        held: emails that wait for an operator.
        fewest: slots that there must be in so much time.
    """
    problems = [f"{one.schedule} at {one.at}: {one.outcome}" for one in slots if one.outcome != FIRED]
    if len(slots) < fewest:
        problems.append(f"only {len(slots)} slots, where at least {fewest} were due")
    for schedule in sorted({one.schedule for one in slots} | set(taken.values())):
        mine = sorted((one for one in slots if one.schedule == schedule), key=lambda one: one.at)
        problems += [
            f"{schedule}: {later.at - earlier.at} from {earlier.at} to the next slot"
            for earlier, later in pairwise(mine)
            if later.at - earlier.at != _EVERY
        ]
        mails = {email_id for email_id, named in taken.items() if named == schedule}
        problems += [
            f"{schedule} at {one.at}: its email was lost"
            for one in mine
            if one.email_id not in mails and one.email_id not in held
        ]
        problems += [
            f"{schedule}: email {email_id} is of no slot" for email_id in mails - {one.email_id for one in mine}
        ]
    counts = Counter(one.email_id for one in slots if one.email_id is not None)
    problems += [f"email {email_id} is of {count} slots" for email_id, count in counts.items() if count > 1]
    return SlotsLedger(len(slots), tuple(problems))
