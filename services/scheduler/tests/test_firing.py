import threading
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from postroom_database.engine import Database
from postroom_database.models import Domain, Email, Schedule, ScheduleSlot
from postroom_database.repositories import contents, due_schedules, schedules, templates
from postroom_domain.ids import new_id
from postroom_domain.template_variables import Variable, VariableType
from postroom_domain.templates import TemplateContent
from postroom_scheduler import firing
from postroom_scheduler.firing import fire_slots
from postroom_scheduler.jobs import Job, guarded
from postroom_testing.migrated import new_sqlite
from postroom_testing.schedules import EMAIL, schedule

MINUTE = timedelta(minutes=1)
YEAR = timedelta(days=365)


@pytest.fixture(params=["mariadb", "sqlite"])
def either(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    if request.param == "mariadb":
        yield request.getfixturevalue("database")
        return
    opened = Database(new_sqlite(tmp_path), pool_size=8, timeout_seconds=10)
    yield opened
    opened.close()


def fire(database: Database, *, verified_only: bool = False) -> None:
    fire_slots(database, verified_only=verified_only)


def fire_all(database: Database) -> None:
    """Round after round, until nothing is due."""
    while due(database):
        fire(database)


def due(database: Database) -> list[UUID]:
    with database.read() as connection:
        return due_schedules.due(connection, 1000)


def row(database: Database, schedule_id: UUID) -> Any:
    with database.read() as connection:
        return connection.execute(select(Schedule.__table__).where(Schedule.id == schedule_id)).one()


def slots(database: Database, schedule_id: UUID) -> list[Any]:
    with database.read() as connection:
        return list(
            connection.execute(
                select(ScheduleSlot.__table__)
                .where(ScheduleSlot.schedule_id == schedule_id)
                .order_by(ScheduleSlot.slot)
            )
        )


def emails(database: Database) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(Email.__table__).order_by(Email.id)))


def clock(database: Database) -> datetime:
    with database.read() as connection:
        return schedules.now(connection)


def outcomes(database: Database, schedule_id: UUID) -> list[str]:
    return [slot.outcome for slot in slots(database, schedule_id)]


def test_a_slot_that_is_due_brings_one_email_and_the_next_slot(either: Database, events: Any) -> None:
    key_id = uuid4()
    one = schedule(either, behind=MINUTE, email=EMAIL | {"tags": [{"name": "a", "value": "b"}]})
    with either.begin() as connection:
        connection.execute(update(Schedule).values(key_id=key_id, reason="before"))
    before = row(either, one)
    fire(either)
    fire(either)
    [email], [slot] = emails(either), slots(either, one)
    assert (slot.slot, slot.slot_at, slot.outcome) == (before.next_slot, before.next_at, "fired")
    assert slot.email_id == email.id
    assert (email.workspace_id, email.lane, email.state) == (before.workspace_id, "bulk", "queued")
    assert (email.key_id, email.hinted_at, email.scheduled_at) == (key_id, None, None)
    assert (email.sender, email.to_list, email.subject) == (EMAIL["from"], EMAIL["to"], EMAIL["subject"])
    assert (email.tags, email.due_at <= clock(either)) == ([{"name": "a", "value": "b"}], True)
    with either.read() as connection:
        assert contents.load(connection, email.id, contents.HTML_PART) == b"<p>It is over.</p>"
    after = row(either, one)
    assert (after.next_at, after.status, after.reason) == (before.next_at + MINUTE, "active", None)
    [told] = events.of("slot.fired")
    assert told["request_id"] == email.request_id != "request-1"
    assert (told["email_id"], told["schedule_id"]) == (str(email.id), str(one))
    assert 0 <= told["late_seconds"] < 120


def test_what_is_not_due_yet_or_not_active_is_left_alone(either: Database) -> None:
    schedule(either)
    schedule(either, behind=MINUTE, status="paused", next_slot=None, next_at=None)
    fire(either)
    assert emails(either) == []


def test_lateness_is_measured(database: Database) -> None:
    def seen(bound: str) -> float:
        return REGISTRY.get_sample_value("postroom_slot_lateness_seconds_bucket", {"le": bound}) or 0

    before = {bound: seen(bound) for bound in ("60.0", "300.0")}
    schedule(database, behind=MINUTE * 3, cron=f"{(clock(database) - MINUTE * 2).minute} * * * *", timezone="UTC")
    fire(database)
    assert [seen(bound) - before[bound] for bound in ("60.0", "300.0")] == [0, 1]


def test_slots_that_are_a_little_late_all_fire(database: Database) -> None:
    one = schedule(database, behind=MINUTE * 4, catch_up="none")
    fire_all(database)
    assert len(emails(database)) in {4, 5}
    assert set(outcomes(database, one)) == {"fired"}


@pytest.mark.parametrize(
    ("catch_up", "limit", "fired"), [("none", 10, {5, 6}), ("latest", 10, {1, 2}), ("all", 17, {17, 18})]
)
def test_a_year_of_missed_slots_sends_no_flood_and_takes_no_time(
    database: Database, catch_up: str, limit: int, fired: set[int], events: Any
) -> None:
    one = schedule(database, behind=YEAR, catch_up=catch_up, catch_up_limit=limit)
    started = time.monotonic()
    fire(database)
    assert time.monotonic() - started < 2
    fire_all(database)
    assert len(emails(database)) in fired
    found = slots(database, one)
    assert found[0].outcome == "skipped"
    assert {slot.outcome for slot in found[1:]} == {"fired"}
    assert "or more" in found[0].reason
    assert len(events.of("slots.skipped")) == 1
    last = found[-1]
    assert clock(database) - last.slot_at < 2 * MINUTE
    assert row(database, one).next_at > clock(database)


def test_none_skips_a_seldom_slot_and_latest_fires_it(database: Database) -> None:
    hour = (clock(database) - timedelta(hours=2)).hour
    chosen = {
        policy: schedule(database, behind=timedelta(hours=30), cron=f"0 {hour} * * *", timezone="UTC", catch_up=policy)
        for policy in ("none", "latest", "all")
    }
    fire_all(database)
    assert {policy: outcomes(database, one) for policy, one in chosen.items()} == {
        "none": ["skipped"],
        "latest": ["skipped", "fired"],
        "all": ["fired", "fired"],
    }


def test_after_its_last_slot_a_schedule_has_ended(database: Database, events: Any) -> None:
    one = schedule(database, behind=MINUTE, ends_at=clock(database) + timedelta(seconds=1))
    fire(database)
    assert (row(database, one).status, row(database, one).next_at, row(database, one).next_slot) == (
        "ended",
        None,
        None,
    )
    assert outcomes(database, one) == ["fired"]
    assert events.names() == ["slot.fired", "schedule.ended"]


def test_a_slot_that_something_became_of_brings_nothing_again(database: Database) -> None:
    one = schedule(database, behind=MINUTE)
    before = row(database, one)
    fire(database)
    with database.begin() as connection:
        connection.execute(update(Schedule).values(next_slot=before.next_slot, next_at=before.next_at))
    fire(database)
    assert (len(emails(database)), row(database, one).next_at) == (1, before.next_at + MINUTE)


def test_the_database_itself_refuses_a_second_email_of_a_slot(database: Database) -> None:
    one = schedule(database, behind=MINUTE)
    fire(database)
    [slot] = slots(database, one)
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(
            insert(ScheduleSlot), [{"schedule_id": one, "slot": slot.slot, "slot_at": slot.slot_at, "outcome": "fired"}]
        )


SCHEDULERS = 4


def test_four_schedulers_fire_each_slot_once(database: Database, events: Any) -> None:
    ids = [schedule(database, behind=MINUTE * 4, catch_up="none") for _ in range(40)]
    until = clock(database)
    expected = [(row(database, one), one) for one in ids]
    together = threading.Barrier(SCHEDULERS)

    def run() -> None:
        job = guarded(Job("fire_slots", 1.0, lambda: fire(database)))
        together.wait(timeout=30)
        for _ in range(60):
            job()

    threads = [threading.Thread(target=run) for _ in range(SCHEDULERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert events.of("job.failed") == []
    total = 0
    for before, one in expected:
        found = [slot for slot in slots(database, one) if slot.slot_at <= until]
        count = int((until - before.next_at) / MINUTE) + 1
        assert [slot.slot_at for slot in found] == [before.next_at + MINUTE * index for index in range(count)]
        assert {slot.outcome for slot in found} == {"fired"}
        total += len(slots(database, one))
    assert len(emails(database)) == total == len({email.id for email in emails(database)})
    assert len(events.of("slot.fired")) == total


class Killed(Exception):  # noqa: N818 - what happens to a process
    pass


@pytest.mark.parametrize("step", ["note", "advance"])
def test_a_scheduler_that_dies_between_two_writes_has_done_nothing(
    either: Database, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    one = schedule(either, behind=MINUTE)
    before = row(either, one)

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(due_schedules, step, die)
        with pytest.raises(Killed):
            fire(either)
    assert (emails(either), slots(either, one), row(either, one)) == ([], [], before)
    fire(either)
    assert len(emails(either)) == 1


def test_one_schedule_in_trouble_does_not_keep_the_others_from_firing(database: Database) -> None:
    broken = schedule(database, behind=MINUTE * 3)
    schedule(database, behind=MINUTE)
    with database.begin() as connection:
        connection.execute(update(Schedule).where(Schedule.id == broken).values(email={}))
    with pytest.raises(KeyError):
        fire(database)
    assert len(emails(database)) == 1


CONTENT = TemplateContent(
    sender="Shop <shop@example.com>",
    subject="Hello {{{NAME}}}",
    html="<p>{{{NAME}}}</p>",
    variables=(Variable("NAME", VariableType.STRING),),
)
USE = {"to": ["team@example.com"], "template": {"id": "weekly", "variables": {"NAME": "you"}}}


def template(
    database: Database, workspace_id: UUID, content: TemplateContent = CONTENT, *, publish: bool = True
) -> UUID:
    with database.begin() as connection:
        made = templates.add(connection, workspace_id=workspace_id, name="Weekly", alias="weekly", content=content)
        if publish:
            _publish(connection, workspace_id, made)
        return made


def _publish(connection: Connection, workspace_id: UUID, template_id: UUID) -> None:
    locked = templates.lock(connection, workspace_id, template_id)
    assert locked is not None
    templates.publish(connection, locked)


def test_a_template_is_filled_when_the_slot_fires_as_it_is_published_then(database: Database) -> None:
    workspace_id = uuid4()
    made = template(database, workspace_id)
    schedule(database, behind=MINUTE * 2, cron="*/1 * * * *", workspace_id=workspace_id, email=USE)
    fire(database)
    with database.begin() as connection:
        locked = templates.lock(connection, workspace_id, made)
        assert locked is not None
        changed = TemplateContent(
            sender=CONTENT.sender, subject="Bye {{{NAME}}}", html=CONTENT.html, variables=CONTENT.variables
        )
        templates.change(connection, locked, name="Weekly", alias="weekly", content=changed)
        _publish(connection, workspace_id, made)
    fire(database)
    assert [(email.sender, email.subject) for email in emails(database)][:2] == [
        ("Shop <shop@example.com>", "Hello you"),
        ("Shop <shop@example.com>", "Bye you"),
    ]


@pytest.mark.parametrize(
    ("made", "use", "reason"),
    [
        (None, USE, "There is no such template any more."),
        ({"publish": False}, USE, "The template is not published."),
        ({}, USE | {"template": {"id": "weekly"}}, "There is neither a value nor a fallback for `NAME`."),
        (
            {"content": TemplateContent(html="<p>Hi</p>", subject="x")},
            USE,
            "There is no `from`, neither in the email nor in the template.",
        ),
    ],
)
def test_an_email_that_cannot_be_written_is_told_and_the_next_slot_follows(
    database: Database, made: dict[str, Any] | None, use: dict[str, Any], reason: str, events: Any
) -> None:
    workspace_id = uuid4()
    if made is not None:
        template(database, workspace_id, **made)
    one = schedule(database, behind=MINUTE, workspace_id=workspace_id, email=use)
    before = row(database, one)
    fire(database)
    [slot] = slots(database, one)
    assert (slot.outcome, slot.reason, slot.email_id) == ("failed", reason, None)
    after = row(database, one)
    assert (after.reason, after.status, after.next_at) == (reason, "active", before.next_at + MINUTE)
    assert emails(database) == []
    assert [told["reason"] for told in events.of("slot.failed")] == [reason]


def test_a_sender_must_be_in_a_domain_that_is_verified_still(database: Database) -> None:
    workspace_id = uuid4()
    one = schedule(database, behind=MINUTE * 2, workspace_id=workspace_id)
    fire(database, verified_only=True)
    assert row(database, one).reason == "The example.com domain is not verified."
    with database.begin() as connection:
        connection.execute(
            insert(Domain),
            [
                {
                    "id": new_id(),
                    "workspace_id": workspace_id,
                    "name": "example.com",
                    "region": "eu-west-1",
                    "status": "verified",
                    "dkim_status": "verified",
                    "return_path_status": "verified",
                    "custom_return_path": "send",
                    "open_tracking": False,
                    "click_tracking": False,
                    "tls": "opportunistic",
                    "sending": "enabled",
                    "receiving": "disabled",
                    "dkim_selector": "postroom",
                    "dkim_public_key": "",
                    "dkim_private_key": "",
                }
            ],
        )
    fire(database, verified_only=True)
    assert outcomes(database, one)[:2] == ["failed", "fired"]
    assert row(database, one).reason is None


def test_a_zone_that_is_known_no_more_pauses_its_schedule(database: Database, events: Any) -> None:
    one = schedule(database, behind=MINUTE)
    with database.begin() as connection:
        connection.execute(update(Schedule).values(timezone="Nowhere/Gone"))
    fire(database)
    assert (row(database, one).status, row(database, one).next_at) == ("paused", None)
    assert row(database, one).reason == "The time zone Nowhere/Gone is not known any more."
    assert events.names() == ["schedule.paused"]


def test_removed_schedules_are_forgotten_with_their_slots(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firing, "_FORGOTTEN", 2)
    one, other = schedule(database, behind=MINUTE * 4, catch_up="all"), schedule(database, behind=MINUTE)
    fire_all(database)
    with database.begin() as connection:
        connection.execute(update(Schedule).where(Schedule.id == one).values(status="removed", next_at=None))
    firing.review_schedules(database)
    assert slots(database, one) == []
    assert len(slots(database, other)) > 0
    with database.read() as connection:
        assert list(connection.execute(select(Schedule.id)).scalars()) == [other]
