"""What a run came to, for people."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from postroom_chaos.evidence import Logs
from postroom_chaos.ledger import Doubled, Ledger
from postroom_chaos.records import End, Records
from postroom_chaos.slots import SlotsLedger
from postroom_chaos.telling import EventsLedger

_MOST = 100
_SLOW_SECONDS = 6.0
"""More than a process was given to drain, and a second."""


@dataclass(frozen=True, slots=True)
class Report:
    """A run.

    Attributes:
        title: what was wanted.
        hold: mail of unknown outcome was held.
        clock: what the time of day was when time.monotonic() was zero.
        began: of load and faults, by time.monotonic().
        seconds: from then until nothing was under way any more.
        emails, faults: that were wanted.
        answers: that clients got.
        failures: that the driver met on the way.
    """

    title: str
    hold: bool
    clock: float
    began: float
    seconds: float
    emails: int
    faults: int
    ledger: Ledger
    events: EventsLedger
    slots: SlotsLedger
    answers: Counter[str]
    records: Records
    logs: Logs
    failures: tuple[str, ...]

    def problems(self) -> list[str]:
        """What must not be; none: the run went well."""
        found = [*self.failures, *self.ledger.problems(hold=self.hold), *self.events.problems(), *self.slots.problems]
        if self.ledger.accepted < self.emails:
            found.append(f"only {self.ledger.accepted} of {self.emails} emails were accepted")
        if len(self.records.faults) < self.faults:
            found.append(f"only {len(self.records.faults)} of {self.faults} faults happened")
        for life in self.records.lives:
            if life.end in {End.BY_ITSELF, End.OVERDUE}:
                found.append(f"{life.name} {life.end.value}" + (f": {life.code}" if life.code is not None else ""))
            elif life.end is End.STOPPED and life.code:
                found.append(f"{life.name} was stopped and ended with {life.code}")
        return found

    def lines(self) -> Iterator[str]:
        yield f"== Report of {self.title}"
        yield f"settled after {self.seconds:.0f} s; answers to clients: {_list(self.answers)}"
        yield from self._tell_faults()
        yield from self._tell_ends()
        yield from self._tell_logs()
        yield "== Ledger"
        yield from (f"lost {email_id}" for email_id in self.ledger.lost)
        yield from (f"held {email_id}" for email_id in self.ledger.held)
        yield from (
            f"not what the api answered: {one.email_id} mail {one.number} by {one.access_key}"
            for one in self.ledger.strays
        )
        yield from map(self._tell_doubled, self.ledger.doubled)
        causes = Counter(doubled.cause.name if doubled.cause else "UNEXPLAINED" for doubled in self.ledger.doubled)
        yield (
            f"accepted {self.ledger.accepted}, taken by SES {self.ledger.taken}, lost {len(self.ledger.lost)},"
            f" held {len(self.ledger.held)}, doubled {len(self.ledger.doubled)} ({_list(causes)})"
        )
        yield from (f"never told to {one.webhook}: {one.type} of {one.email_id}" for one in self.events.untold[:_MOST])
        yield (
            f"events to be told {self.events.expected}, never told {len(self.events.untold)};"
            f" posts {self.events.posts}, of these again {self.events.repeated}; slots {self.slots.slots}"
        )
        yield from (f"PROBLEM: {problem}" for problem in self.problems())
        yield "FAILED" if self.problems() else "OK"

    def timeline(self) -> Iterator[str]:
        """Every fault in a line, with the time of day, so that it can be found in the logs."""
        for fault in self.records.faults:
            began, ended = (self._time_of_day(moment) for moment in (fault.began, fault.ended))
            yield f"{began} to {ended} {fault}"

    def _time_of_day(self, moment: float) -> str:
        return datetime.fromtimestamp(self.clock + moment, UTC).isoformat(timespec="milliseconds")

    def _tell_faults(self) -> Iterator[str]:
        kinds = Counter(f"{fault.kind} of {fault.target}" for fault in self.records.faults)
        yield f"faults: {len(self.records.faults)}: {_list(kinds)}"

    def _tell_ends(self) -> Iterator[str]:
        ends = Counter(life.end.value for life in self.records.lives if life.end is not None)
        yield f"processes: {len(self.records.lives)} lives, {_list(ends)}"
        for life in self.records.lives:
            if life.end is not End.KILLED and life.told_at and life.ended and life.ended - life.told_at > _SLOW_SECONDS:
                end = f"{life.end.value} " if life.end else ""
                yield f"slow: {life.name} {end}at {self._time_of_day(life.told_at)}: {life.ended - life.told_at:.1f} s"

    def _tell_logs(self) -> Iterator[str]:
        yield f"logs in {self.logs.folder}; warnings and errors: {_list(self.logs.events)}"
        yield f"stack traces: {_list(self.logs.exceptions)}"
        yield from (f"no event: {line}" for line in self.logs.others[:_MOST])

    def _tell_doubled(self, doubled: Doubled) -> str:
        cause = f"{doubled.cause.name}: {doubled.cause.evidence}" if doubled.cause else "UNEXPLAINED"
        first, second = doubled.first, doubled.second
        workers = {life.access_key: life.name for life in self.records.lives}
        return (
            f"doubled {first.email_id} at {first.at - self.began:.3f} s by {workers.get(first.access_key)}"
            f" and at {second.at - self.began:.3f} s by {workers.get(second.access_key)}; {cause}"
        )


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "none"
