"""The reputation brake: looks at each workspace whose mail goes out, and suspends one that does too much harm."""

from collections.abc import Mapping
from dataclasses import dataclass

from loguru import logger
from sqlalchemy import Connection

from postroom_database.engine import Database
from postroom_database.repositories import audit, reputations
from postroom_database.repositories.reputations import Judged
from postroom_domain.reputation import Brake
from postroom_domain.suppressions import Origin
from postroom_scheduler.metrics import SUSPENDED

LARGEST = 200_000
"""Emails counted for one rate, at most: the newest of the window. Enough for any rate, and counted soon."""
_ROWS = 20_000
"""Bounces, soft ones too, or complaints that are looked at for one rate, at most."""
_NOUNS = {Origin.BOUNCE: "hard bounces", Origin.COMPLAINT: "complaints"}


@dataclass(frozen=True, slots=True)
class BrakeRules:
    """Which brakes there are, and how long ago an email may have been sent to count."""

    brakes: Mapping[Origin, Brake]
    window_seconds: float


@dataclass(frozen=True, slots=True)
class _Counted:
    troubled: int
    sent: int

    @property
    def percent(self) -> float:
        return round(100 * self.troubled / self.sent, 2)


def brake_workspaces(database: Database, rules: BrakeRules, *, largest: int = LARGEST) -> None:
    """Suspend each workspace for which a brake sets in; of many schedulers one does."""
    with database.read() as connection:
        found = reputations.unsuspended(connection, window_seconds=rules.window_seconds)
    for judged in found:
        for kind, brake in rules.brakes.items():
            with database.read() as connection:
                counted = _count(connection, judged, kind, brake, largest)
            if counted is not None and brake.sets_in(troubled=counted.troubled, sent=counted.sent):
                _suspend(database, judged, kind, brake, counted)
                break
    with database.read() as connection:
        SUSPENDED.set(reputations.count_suspended(connection))


def _count(connection: Connection, judged: Judged, kind: Origin, brake: Brake, largest: int) -> _Counted | None:
    """As much as decides; None when there is nothing to decide."""
    if brake.is_off:
        return None
    workspace_id, since = judged.workspace_id, judged.since
    troubled = reputations.count_troubled(connection, workspace_id, kind, since, rows=_ROWS)
    if troubled < brake.fewest:
        return None
    if brake.most_sent(troubled) > largest:
        since = reputations.sent_at(connection, workspace_id, since, newest=largest) or since
        troubled = reputations.count_troubled(connection, workspace_id, kind, since, rows=_ROWS)
    # One more than may have been sent is too many, however many there are.
    sent = reputations.count_sent(connection, workspace_id, since, limit=brake.most_sent(troubled) + 1)
    return _Counted(troubled, sent)


def _suspend(database: Database, judged: Judged, kind: Origin, brake: Brake, counted: _Counted) -> None:
    reason = (
        f"the brake: {counted.percent:g}% {_NOUNS[kind]} ({counted.troubled} of {counted.sent} emails),"
        f" where {brake.percent:g}% are too many"
    )
    with database.begin() as connection:
        if not reputations.suspend(connection, judged, reason):
            return
        audit.note(connection, judged.workspace_id, audit.POSTROOM, "workspace.suspended", judged.workspace_id)
    logger.warning(
        "workspace.suspended",
        workspace_id=str(judged.workspace_id),
        kind=kind.value,
        count=counted.troubled,
        sent=counted.sent,
        percent=counted.percent,
        limit_percent=brake.percent,
    )
