"""Storing many requests' emails in one transaction, so that a bad one never fails its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass

from loguru import logger

from postroom_api.submission import IdempotencyConflict, Submission
from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable, is_contended, is_duplicate
from postroom_database.repositories import emails, idempotency
from postroom_database.repositories.idempotency import KeyId, Remembered

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Stored:
    """A submission's answer, and whether this transaction is what stored its emails."""

    answer: bytes
    fresh: bool


Result = Stored | Exception


class StillContended(DatabaseUnavailable):
    """Another transaction held on to what one submission needs. The database itself answers."""


def store_group(database: Database, group: Sequence[Submission], *, hinted: bool) -> list[Result]:
    """Store submissions together; one result each, in their order. Never raises for one of them.

    A key that another process stored meanwhile (1062) or a lock that was contended (1213, 1205) rolls the
    group back; it is repeated once, which sees what the other stored, and then each goes alone.
    A lost connection is repeated once on a new one: ids are ours, so what was stored after all is seen.
    """
    problem = _attempt(database, group, hinted=hinted)
    if isinstance(problem, list):
        return problem
    if isinstance(problem, DatabaseUnavailable):
        return [problem] * len(group)
    if len(group) == 1:
        return [_final(problem)]
    logger.warning("group.split", submissions=len(group), reason=type(problem).__name__)
    return [result for submission in group for result in store_group(database, [submission], hinted=hinted)]


def _attempt(database: Database, group: Sequence[Submission], *, hinted: bool) -> list[Result] | Exception:
    """The results, or what stays wrong with the group after repeating it."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _store(database, group, hinted=hinted, repeated=attempt > 1)
        except Exception as raised:  # noqa: BLE001 - sorted here, and given back as results
            problem = raised
        may_repeat = is_duplicate(problem) or is_contended(problem) or isinstance(problem, DatabaseUnavailable)
        # A duplicate comes from what was committed meanwhile, perhaps by our own lost connection: it can be
        # seen now. The others cost a time-out each.
        if not may_repeat or (attempt > 1 and not is_duplicate(problem)):
            break
    return problem


def _final(problem: Exception) -> Exception:
    """A contention that outlives a repetition is the database's trouble, not the client's."""
    if is_contended(problem) or is_duplicate(problem):
        return StillContended("the database stayed contended")
    return problem


def _store(database: Database, group: Sequence[Submission], *, hinted: bool, repeated: bool) -> list[Result]:
    with database.begin() as connection:
        keys = {submission.key for submission in group if submission.key is not None}
        known = idempotency.find(connection, keys) if keys else {}
        # After a lost connection nobody knows whether the commit went through: ask for the ids.
        there = emails.existing(connection, [s.drafts[0].id for s in group]) if repeated else frozenset()
        results: list[Result] = []
        fresh: list[Submission] = []
        new: dict[KeyId, Remembered] = {}
        for submission in group:
            if submission.drafts[0].id in there:
                results.append(Stored(submission.answer, fresh=True))
                continue
            remembered = known.get(submission.key) if submission.key else None
            if remembered is not None:
                results.append(_replay(submission, remembered))
                continue
            if submission.key is not None:
                known[submission.key] = new[submission.key] = Remembered(submission.fingerprint, submission.answer)
            fresh.append(submission)
            results.append(Stored(submission.answer, fresh=True))
        if new:
            idempotency.add(connection, new)
        if fresh:
            emails.add(connection, [draft for submission in fresh for draft in submission.drafts], hinted=hinted)
    return results


def _replay(submission: Submission, remembered: Remembered) -> Result:
    if remembered.fingerprint != submission.fingerprint:
        return IdempotencyConflict("the key was used for another body")
    return Stored(remembered.answer, fresh=False)
