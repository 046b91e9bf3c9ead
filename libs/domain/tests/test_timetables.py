"""Ten years of slots against a calculation of the test's own: it walks every quarter of an hour, and asks
the zone for each."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from postroom_domain.cron import Cron, read_zone
from postroom_domain.timetables import Slot, Timetable

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "UTC",
    "Africa/Casablanca",
)
BEGIN, END = datetime(2017, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
"""Sao Paulo still changed its clocks at midnight in 2017 and 2018; Casablanca changes them twice around Ramadan."""
QUARTER = timedelta(minutes=15)
"""All lines below, all offsets and all changes of clocks are whole ones."""
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

FIXED = (
    "0 9 * * *",
    "30 2 * * *",
    "0,30 2 * * *",
    "0 2,3 * * *",
    "15 0 * * *",
    "45 1 * * SUN",
    "15 2 * * 7",
    "0 0 1 * *",
    "45 23 31 * *",
    "0 12 29 2 *",
    "0 8 13 * FRI",
    "30 6 1-7 * 1-5",
    "15 23 30,31 1,3 0",
)
INTERVAL = (
    "*/15 2 * * *",
    "30 * * * SUN",
    "0 */2 * 3,4,10,11 *",
    "15 * 1-7 * 0",
    "*/15 0-3 * * SUN",
    "*/15 0 4 11 *",
    "*/30 * 29 2 *",
)


def numbers(field: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for term in field.split(","):
        span, _, step = term.partition("/")
        if span == "*":
            first, last = low, high
        else:
            left, _, right = span.partition("-")
            first = DAYS.index(left) if left in DAYS else int(left)
            last = (DAYS.index(right) if right in DAYS else int(right)) if right else first
        found |= set(range(first, last + 1, int(step or 1)))
    return frozenset(found)


class Matcher:
    """What the line says, read in the simplest way."""

    def __init__(self, line: str) -> None:
        fields = line.split()
        self.minutes, self.hours = numbers(fields[0], 0, 59), numbers(fields[1], 0, 23)
        self.days, self.months = numbers(fields[2], 1, 31), numbers(fields[3], 1, 12)
        self.weekdays = {day % 7 for day in numbers(fields[4], 0, 7)}
        self.either = not (fields[2].startswith("*") or fields[4].startswith("*"))

    def names(self, shown: datetime) -> bool:
        if shown.minute not in self.minutes or shown.hour not in self.hours or shown.month not in self.months:
            return False
        day, weekday = shown.day in self.days, shown.isoweekday() % 7 in self.weekdays
        return (day or weekday) if self.either else (day and weekday)


@cache
def quarters_of(zone: str) -> tuple[tuple[datetime, datetime], ...]:
    """Every quarter of an hour of the ten years: in UTC, and as clocks show it."""
    info = ZoneInfo(zone)
    walked = []
    at = BEGIN
    while at < END:
        walked.append((at, at.astimezone(info).replace(tzinfo=None)))
        at += QUARTER
    return tuple(walked)


def elapsed(line: str, zone: str) -> Iterator[datetime]:
    """Due whenever clocks show it."""
    matcher = Matcher(line)
    return (at for at, shown in quarters_of(zone) if matcher.names(shown))


def by_the_clock(line: str, zone: str) -> Iterator[datetime]:
    """Due when clocks show it for the first time, or have just jumped over it."""
    matcher = Matcher(line)
    latest = quarters_of(zone)[0][1] - QUARTER
    for at, shown in quarters_of(zone):
        if shown <= latest:  # seen already, before clocks were set back
            continue
        passed = latest + QUARTER
        while passed <= shown and not matcher.names(passed):
            passed += QUARTER
        if passed <= shown:
            yield at
        latest = shown


@pytest.mark.parametrize("zone", ZONES)
def test_ten_years_are_as_an_independent_calculation_has_them(zone: str) -> None:
    for lines, calculate in ((FIXED, by_the_clock), (INTERVAL, elapsed)):
        for line in lines:
            timetable = Timetable(Cron(line), read_zone(zone), ends_at=END - QUARTER)
            found = [slot.at for slot in timetable.slots(BEGIN - QUARTER)]
            assert found == list(calculate(line, zone)), line
    quarters_of.cache_clear()


def slots(line: str, zone: str, day: str, count: int) -> list[tuple[str, str]]:
    begin = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    walk = Timetable(Cron(line), read_zone(zone)).slots(begin - timedelta(seconds=1))
    return [(slot.text, f"{slot.at:%d %H:%M}") for _, slot in zip(range(count), walk, strict=False)]


@pytest.mark.parametrize(
    ("line", "zone", "day", "expected"),
    [
        # Right after the gap, once, and known by the time that the line names.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-29",
            [
                ("2026-03-29T02:30", "29 01:00"),
                ("2026-03-30T02:30", "30 00:30"),
            ],
        ),
        (
            "0,30 2,3 * * *",
            "Europe/Berlin",
            "2026-03-29",
            [
                ("2026-03-29T02:00", "29 01:00"),
                ("2026-03-29T03:30", "29 01:30"),
            ],
        ),
        # Once in a repeated hour: the first time.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-25",
            [
                ("2026-10-25T02:30", "25 00:30"),
                ("2026-10-26T02:30", "26 01:30"),
            ],
        ),
        # By elapsed time: both passes, and nothing in the gap.
        (
            "*/30 2 * * *",
            "Europe/Berlin",
            "2026-10-25",
            [
                ("2026-10-25T02:00", "25 00:00"),
                ("2026-10-25T02:30", "25 00:30"),
                ("2026-10-25T02:00/2", "25 01:00"),
                ("2026-10-25T02:30/2", "25 01:30"),
            ],
        ),
        (
            "*/30 2 * * *",
            "Europe/Berlin",
            "2026-03-29",
            [
                ("2026-03-30T02:00", "30 00:00"),
            ],
        ),
        # Half an hour.
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-04",
            [
                ("2026-10-04T02:15", "03 15:30"),
            ],
        ),
        (
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2026-04-05",
            [
                ("2026-04-05T01:45", "04 14:45"),
                ("2026-04-06T01:45", "05 15:15"),
            ],
        ),
        (
            "45 * * * *",
            "Australia/Lord_Howe",
            "2026-04-05",
            [
                ("2026-04-05T00:45", "04 13:45"),
                ("2026-04-05T01:45", "04 14:45"),
                ("2026-04-05T01:45/2", "04 15:15"),
                ("2026-04-05T02:45", "04 16:15"),
            ],
        ),
        # The day begins at one o'clock.
        (
            "0 0 * * *",
            "America/Sao_Paulo",
            "2018-11-03",
            [
                ("2018-11-03T00:00", "03 03:00"),
                ("2018-11-04T00:00", "04 03:00"),
            ],
        ),
        (
            "0 12 29 2 *",
            "UTC",
            "2026-01-01",
            [
                ("2028-02-29T12:00", "29 12:00"),
                ("2032-02-29T12:00", "29 12:00"),
            ],
        ),
    ],
)
def test_changes_of_clocks_and_leap_days(line: str, zone: str, day: str, expected: list[tuple[str, str]]) -> None:
    assert slots(line, zone, day, len(expected)) == expected


@pytest.mark.parametrize("line", [*FIXED, *INTERVAL])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "UTC"])
def test_each_slot_is_found_again_by_its_text(line: str, zone: str) -> None:
    timetable = Timetable(Cron(line), read_zone(zone))
    for begin in (
        datetime(2026, 3, 27, tzinfo=UTC),
        datetime(2026, 10, 2, tzinfo=UTC),
        datetime(2026, 10, 23, tzinfo=UTC),
    ):
        for _, slot in zip(range(100), timetable.slots(begin), strict=False):
            assert timetable.moment(slot.text) == slot.at


def test_the_line_is_kept_within_its_start_and_its_end() -> None:
    start, end = datetime(2026, 5, 2, 9, tzinfo=UTC), datetime(2026, 5, 4, 9, tzinfo=UTC)
    timetable = Timetable(Cron("0 9 * * *"), read_zone("UTC"), start, end)
    assert [slot.text for slot in timetable.slots(datetime(2020, 1, 1, tzinfo=UTC))] == [
        "2026-05-02T09:00",
        "2026-05-03T09:00",
        "2026-05-04T09:00",
    ]
    assert timetable.next(end) is None


@pytest.mark.parametrize("line", ["* * * * *", "0 9 * * *", "*/7 * * * SUN", "0,30 2 * * *", "0 0 29 2 *"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
@pytest.mark.parametrize("count", [1, 10, 50])
def test_the_newest_of_many_are_those_at_the_end_of_all(line: str, zone: str, count: int) -> None:
    timetable = Timetable(Cron(line), read_zone(zone))
    for until in (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 10, tzinfo=UTC)):
        first = timetable.next(until - timedelta(days=9 if line.startswith("* *") else 2000))
        assert first is not None
        everything = [first, *(slot for slot in takewhile_until(timetable, first, until))]
        assert timetable.newest(first, until, count) == everything[-count:]


def takewhile_until(timetable: Timetable, first: Slot, until: datetime) -> Iterator[Slot]:
    for slot in timetable.slots(first.at):
        if slot.at > until:
            return
        yield slot


def test_a_text_that_is_no_slot_is_refused() -> None:
    with pytest.raises(ValueError, match="not a slot"):
        Timetable(Cron("0 9 * * *"), read_zone("UTC")).moment("tomorrow")


def test_a_time_that_clocks_have_shown_is_not_due_when_they_show_it_again() -> None:
    timetable = Timetable(Cron("30 2 * * *"), read_zone("Europe/Berlin"))
    slot = timetable.next(datetime(2026, 10, 25, 1, 10, tzinfo=UTC))  # ten past two, for the second time
    assert slot == Slot("2026-10-26T02:30", datetime(2026, 10, 26, 1, 30, tzinfo=UTC))
