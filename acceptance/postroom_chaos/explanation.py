"""Why an email was sent once more: only for a cause that the records prove. Pure."""

from dataclasses import dataclass

from postroom_chaos.records import End, Happened, Life, Note, Records, Taken

_CLOCKS_SECONDS = 0.2
"""How far a time read from a log may be off."""
_WRITE_SECONDS = 3.0
"""How long writing an outcome takes at most on a busy machine, while the database answers."""
_LATE_SECONDS = 5.0
"""How long after its lease a worker may say that the lease was lost: as long as its last try at the database takes."""
_DATABASE = "database"
_UNSETTLED = "email.unsettled"
_LOST = {"outcome.lost", "lease.lost"}
_WRITTEN = {"email.sent"}


@dataclass(frozen=True, slots=True)
class Cause:
    name: str
    evidence: str


class Explainer:
    """Finds causes.

    Args:
        records: of the run.
        lease_seconds: how long a worker tries to write an outcome.
    """

    def __init__(self, records: Records, *, lease_seconds: float) -> None:
        self._lease_seconds = lease_seconds
        self._faults = records.faults
        self._lives = {life.access_key: life for life in records.lives}
        self._notes: dict[tuple[str, str], list[Note]] = {}
        for note in sorted(records.notes, key=lambda note: note.at):
            self._notes.setdefault((note.access_key, note.email_id), []).append(note)

    def explain(self, first: Taken, second: Taken) -> Cause | None:
        """Why SES was given ``second`` though it had taken ``first``; None: nothing that was noted gives a reason."""
        if not first.answered:
            return Cause("no answer", self._during(first.at, first.at, "SES") or "the connection was gone")
        note = self._find_note(first)
        if note is not None:
            return self._explain_by_note(first, note)
        life = self._lives.get(first.access_key)
        if life is None or life.ended is None or not first.at <= life.ended <= second.at:
            return None
        return self._explain_by_end(first, life, life.ended)

    def _find_note(self, first: Taken) -> Note | None:
        """What the worker said when it was done with the attempt."""
        begin, end = first.at - _CLOCKS_SECONDS, first.at + self._lease_seconds + _LATE_SECONDS
        known = {_UNSETTLED} | _LOST | _WRITTEN
        notes = self._notes.get((first.access_key, first.email_id), ())
        return next((note for note in notes if begin <= note.at <= end and note.event in known), None)

    def _explain_by_note(self, first: Taken, note: Note) -> Cause | None:
        if note.event == _UNSETTLED:
            return Cause("no answer", f"{note.event}: {note.reason}")
        fault = self._during(first.at - _CLOCKS_SECONDS, note.at, _DATABASE)
        if note.event in _LOST and fault:
            return Cause("outcome not written", f"{note.event}; {fault}")
        return None

    def _explain_by_end(self, first: Taken, life: Life, ended: float) -> Cause | None:
        waited = ended - first.at
        fault = self._during(first.at, ended, _DATABASE)
        if waited > self._lease_seconds or (waited > _WRITE_SECONDS and not fault):
            return None
        evidence = f"{life.name} {life.end.value if life.end else ''} {waited:.3f} s later" + (fault and f"; {fault}")
        if life.end is End.KILLED:
            return Cause("worker killed", evidence)
        # A worker that is asked to stop finishes what it has begun, unless it cannot.
        if life.end in {End.STOPPED, End.OVERDUE} and fault:
            return Cause("worker stopped", evidence)
        return None

    def _during(self, begin: float, end: float, target: str) -> str:
        """The last fault of a target that could be felt then; nothing when there was none."""
        felt = [
            fault
            for fault in self._faults
            if fault.target == target and fault.began <= end and begin <= _felt_until(fault)
        ]
        return str(felt[-1]) if felt else ""


def _felt_until(fault: Happened) -> float:
    """Pools hold connections that died by it, and whoever met it comes back after a second."""
    return fault.ended + (_WRITE_SECONDS if fault.target == _DATABASE else 0.0)
