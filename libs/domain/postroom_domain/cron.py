"""Cron lines and time zones, read once and with errors that say what is expected.

The syntax, and which days a line names, are Debian cron's, as the library reads them. What a line means where clocks
are changed is in ``timetables``: the library's own reading is wrong where they change by half an hour.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from postroom_domain.errors import InvalidCron, InvalidZone
from postroom_domain.limits import MAX_CRON

_FIELD = re.compile(r"[0-9A-Za-z*/,#-]+")
_FIELDS = 5
_EXPECTED = "It must have five fields: minute, hour, day of month, month and day of week, such as `30 9 * * MON-FRI`."


class Cron:
    """A line of five fields.

    Raises:
        InvalidCron: on making it, when it is none, or when it names no day that any calendar has.
    """

    def __init__(self, line: str) -> None:
        self.line = line
        self._check()
        minute, hour, *_ = line.split()
        self.is_interval = minute.startswith("*") or hour.startswith("*")
        """Whether it goes by elapsed time (``*`` or ``*/n`` for the minute or the hour), or by what clocks show."""

    def after(self, shown: datetime) -> datetime | None:
        """The first time after this one that the line names; both as clocks show them. None: not within 50 years."""
        return next(CronSim(self.line, shown), None)

    def before(self, shown: datetime) -> Iterator[datetime]:
        """The times before this one, the newest first."""
        return CronSim(self.line, shown, reverse=True)

    def _check(self) -> None:
        fields = self.line.split()
        if len(self.line) > MAX_CRON:
            raise InvalidCron(f"It is longer than {MAX_CRON} characters.")
        if len(fields) != _FIELDS or not all(_FIELD.fullmatch(field) for field in fields):
            raise InvalidCron(_EXPECTED)
        try:
            first = next(CronSim(self.line, datetime(2000, 1, 1)), None)  # noqa: DTZ001 - what a clock shows
        except CronSimError as problem:
            if str(problem) == "Bad day-of-month" and _each_field_is_right(fields):
                raise InvalidCron("It never fires: no such day is in these months.") from None
            what = str(problem).removeprefix("Bad ").replace("-", " ")
            raise InvalidCron(f"The {what} is wrong. {_EXPECTED}") from None
        if first is None:
            raise InvalidCron("It never fires.")


def read_zone(name: str) -> ZoneInfo:
    """A zone by its IANA name.

    Raises:
        InvalidZone: there is none of that name.
    """
    if name not in _zone_names():
        raise InvalidZone("It must be the name of an IANA time zone, such as `Europe/Berlin` or `UTC`.")
    return ZoneInfo(name)


@cache
def _zone_names() -> frozenset[str]:
    # Some systems have a file for wherever they stand, which is another place for each of them.
    return frozenset(available_timezones() - {"localtime"})


def _each_field_is_right(fields: list[str]) -> bool:
    """Whether the line would be right in another month."""
    try:
        CronSim(" ".join([*fields[:3], "*", fields[4]]), datetime(2000, 1, 1))  # noqa: DTZ001 - as above
    except CronSimError:
        return False
    return True
