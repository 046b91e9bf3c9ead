"""A zone's rules change with a release: what was computed by the old ones is computed anew."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from postroom_database.engine import Database
from postroom_database.models import Schedule, ScheduleSlot
from postroom_database.repositories import schedules
from postroom_domain import schedules as rules
from postroom_scheduler.firing import fire_slots, review_schedules
from postroom_testing.schedules import schedule

HOUR = timedelta(hours=1)


def zone(hours: int) -> ZoneInfo:
    """A zone that was always so many hours before UTC, as the file of a release says (RFC 9636, version 1)."""
    name = b"XXX\x00"
    header = struct.pack(">4sc15x6l", b"TZif", b"\x00", 0, 0, 0, 0, 1, len(name))
    return ZoneInfo.from_file(BytesIO(header + struct.pack(">lbb", hours * 3600, 0, 0) + name), key="Test/Zone")


@contextmanager
def release(monkeypatch: pytest.MonkeyPatch, hours: int) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setattr(rules, "read_zone", lambda _: zone(hours))
        yield


def row(database: Database, schedule_id: UUID) -> Any:
    with database.read() as connection:
        return connection.execute(select(Schedule.__table__).where(Schedule.id == schedule_id)).one()


def fired(database: Database) -> list[tuple[str, datetime]]:
    with database.read() as connection:
        return [(one.slot, one.slot_at) for one in connection.execute(select(ScheduleSlot.__table__))]


def clock(database: Database) -> datetime:
    with database.read() as connection:
        return schedules.now(connection)


@pytest.fixture
def daily(database: Database) -> str:
    """A line that is due two minutes ago in a zone two hours before UTC."""
    shown = clock(database) - timedelta(minutes=2) + 2 * HOUR
    return f"{shown.minute} {shown.hour} * * *"


def test_a_slot_that_moved_later_does_not_fire_by_the_old_rules(
    database: Database, monkeypatch: pytest.MonkeyPatch, daily: str, events: Any
) -> None:
    with release(monkeypatch, 2):
        one = schedule(database, behind=timedelta(minutes=5), cron=daily)
    before = row(database, one)
    with release(monkeypatch, 1):
        fire_slots(database, verified_only=False)
        after = row(database, one)
        assert (after.next_slot, after.next_at) == (before.next_slot, before.next_at + HOUR)
        assert (fired(database), events.names()) == ([], ["slot.moved"])
        with database.begin() as connection:
            connection.execute(update(Schedule).values(next_at=before.next_at))
        review_schedules(database)
        assert row(database, one).next_at == after.next_at


def test_a_slot_that_moved_earlier_is_found_by_the_review(
    database: Database, monkeypatch: pytest.MonkeyPatch, daily: str
) -> None:
    with release(monkeypatch, 1):
        one = schedule(database, behind=timedelta(minutes=5), cron=daily)
    before = row(database, one)
    assert before.next_at > clock(database)
    with release(monkeypatch, 2):
        fire_slots(database, verified_only=False)
        assert fired(database) == []
        review_schedules(database)
        fire_slots(database, verified_only=False)
        fire_slots(database, verified_only=False)
    assert fired(database) == [(before.next_slot, before.next_at - HOUR)]


def test_a_slot_that_fired_by_the_old_rules_does_not_fire_again_by_the_new_ones(
    database: Database, monkeypatch: pytest.MonkeyPatch, daily: str
) -> None:
    with release(monkeypatch, 2):
        one = schedule(database, behind=timedelta(minutes=5), cron=daily)
        before = row(database, one)
        fire_slots(database, verified_only=False)
    with release(monkeypatch, 1):  # the same slot lies ahead again, and a client changes the schedule
        with database.begin() as connection:
            following = rules.read_timetable(daily, "", None, None).next(schedules.now(connection))
            assert following is not None
            assert following.text == before.next_slot
            values = {"next_slot": following.text, "next_at": following.at - HOUR}
            connection.execute(update(Schedule).values(**values))
        with monkeypatch.context() as later:
            later.setattr(rules, "read_zone", lambda _: zone(2))
            fire_slots(database, verified_only=False)
    assert fired(database) == [(before.next_slot, before.next_at)]
    assert row(database, one).next_at > clock(database)


def test_the_zones_of_the_test_are_as_they_should_be() -> None:
    assert datetime(2026, 1, 1, tzinfo=zone(2)).astimezone(UTC) == datetime(2025, 12, 31, 22, tzinfo=UTC)
