"""When a cron line is due in a time zone: its slots.

A slot is known by what clocks in the zone show, such as ``2026-03-29T09:00``, so that it stays one slot when the rules
of the zone change. Where clocks are changed it is as Debian's cron has it:

- A line with a fixed minute and hour is due at the first moment at which clocks show its time or a later one. What
  falls into a gap is due right after it, once, however many of its times the gap holds; a time that clocks show twice
  is due the first time.
- A line with ``*`` or ``*/n`` for the minute or the hour goes by elapsed time: it is due whenever clocks show its time.
  In a gap nothing is due; what clocks show twice is due twice, and the second slot is marked: ``2026-10-25T02:30/2``.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from postroom_domain.cron import Cron

SLOT = re.compile(r"(?P<shown>\d{4}-\d\d-\d\dT\d\d:\d\d)(?P<again>/2)?", re.ASCII)
"""A slot as text."""

_STRIDE = timedelta(days=7)
"""No zone changes its clocks twice within it."""
_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_CHANGE = timedelta(hours=2)
"""By how much clocks are changed at most, save where a zone changed its date."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One due time.

    Attributes:
        text: what clocks in the zone show.
        at: the same in UTC, by the rules of the zone that are known now.
    """

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Timetable:
    """The slots of a line in a zone, from ``starts_at`` to ``ends_at``, both included."""

    cron: Cron
    zone: tzinfo
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def next(self, after: datetime) -> Slot | None:
        """The first slot after a moment; None: there is none."""
        after = after.astimezone(UTC)
        if self.starts_at is not None:
            after = max(after, self.starts_at.astimezone(UTC) - timedelta(microseconds=1))
        slot = self._next_shown(after) if self.cron.is_interval else self._next_fixed(after)
        if slot is None or (self.ends_at is not None and slot.at > self.ends_at):
            return None
        return slot

    def slots(self, after: datetime) -> Iterator[Slot]:
        """All slots after a moment, in order."""
        while (slot := self.next(after)) is not None:
            yield slot
            after = slot.at

    def moment(self, text: str) -> datetime:
        """When a slot is due by the rules that are known now.

        Raises:
            ValueError: it is no slot's text.
        """
        found = SLOT.fullmatch(text)
        if found is None:
            raise ValueError(f"not a slot: {text}")
        shown = datetime.fromisoformat(found["shown"])
        return self._moment(shown, again=found["again"] is not None)

    def newest(self, first: Slot, until: datetime, count: int) -> list[Slot]:
        """The newest slots from ``first`` to a moment, oldest first; the work is bounded by their count."""
        earliest = first.at
        # Backwards by what clocks show, then forwards by the rules. Clocks may show what lies ahead already, and a gap
        # swallows some of what is passed.
        for step, shown in enumerate(self.cron.before(self._shown(until) + _CHANGE), 1):
            if shown <= self._shown(first.at):
                break
            if step > count + 2 * _CHANGE // _MINUTE:
                earliest = max(earliest, self._moment(shown))
                break
        newest: deque[Slot] = deque(maxlen=count)
        if first.at <= until and earliest == first.at:
            newest.append(first)
        for slot in self.slots(earliest):
            if slot.at > until:
                break
            newest.append(slot)
        return list(newest)

    def _next_fixed(self, after: datetime) -> Slot | None:
        shown = self.cron.after(self._shown(after))
        # After a clock was set back, times are ahead that it has shown already.
        while shown is not None and self._moment(shown) <= after:
            shown = self.cron.after(shown)
        return None if shown is None else Slot(_text(shown), self._moment(shown))

    def _next_shown(self, after: datetime) -> Slot | None:
        """Week by week, because clocks may be changed between a moment and the next time that the line names."""
        shown = self.cron.after(self._shown(after))
        while shown is not None:
            offset = self._offset(after)
            at = shown.replace(tzinfo=UTC) - offset
            reached = min(at, after + _STRIDE)
            if self._offset(reached) != offset:
                after = self._change(after, reached)
                shown = self.cron.after(self._shown(after) - _SECOND)
                if shown == self._shown(after):
                    return self._slot(after)
            elif reached == at:
                return self._slot(at)
            else:
                after = reached
        return None

    def _slot(self, at: datetime) -> Slot:
        local = at.astimezone(self.zone)
        return Slot(_text(local.replace(tzinfo=None)) + ("/2" if local.fold else ""), at)

    def _moment(self, shown: datetime, *, again: bool = False) -> datetime:
        """The first moment at which clocks show this time or a later one; or the second at which they show it."""
        one, other = (shown.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if other < one:  # a gap: read by the rules before it and after it
            return self._change(other, one)
        return other if again else one

    def _change(self, low: datetime, high: datetime) -> datetime:
        """The moment, after ``low`` and not after ``high``, from which clocks go otherwise than at ``low``."""
        offset = self._offset(low)
        while high - low > _SECOND:
            middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
            if self._offset(middle) == offset:
                low = middle
            else:
                high = middle
        return high.replace(microsecond=0)

    def _offset(self, at: datetime) -> timedelta:
        return at.astimezone(self.zone).utcoffset() or timedelta()

    def _shown(self, at: datetime) -> datetime:
        return at.astimezone(self.zone).replace(tzinfo=None)


def _text(shown: datetime) -> str:
    return shown.isoformat(timespec="minutes")
