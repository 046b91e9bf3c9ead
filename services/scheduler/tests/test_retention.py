import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, update

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_database.forgetting import RetentionRules, batches
from postroom_database.models import ContentChunk, Email, IdempotencyKey
from postroom_database.repositories.retention import Forgotten
from postroom_database.types import Now
from postroom_domain.states import ENDS
from postroom_scheduler.jobs import Job, guarded
from postroom_scheduler.retention import forget
from postroom_testing.drafts import draft, store

DAY = 86_400.0
RULES = RetentionRules(bodies_days=30, emails_days=90, audit_days=400)


def ended(database: Database, days_ago: float, count: int) -> None:
    """Emails of every state in which one can have ended."""
    drafts = [draft() for _ in range(count)]
    store(database, *drafts)
    with database.begin() as connection:
        for number, one in enumerate(drafts):
            state = ENDS[number % len(ENDS)].value
            mine = update(Email).where(Email.id == one.id)
            connection.execute(mine.values(state=state, due_at=Now(-days_ago * DAY - number)))


def left(database: Database, model: type[Email] | type[ContentChunk]) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(model)).scalar_one()


def test_a_round_forgets_bodies_and_emails_and_says_how_many(database: Database, events: Any) -> None:
    ended(database, 31, 120)
    ended(database, 91, 130)
    ended(database, 29, 1)
    for what in ("bodies", "emails"):
        forget(database, what, batches(RULES)[what], round_seconds=60)
    assert (left(database, ContentChunk), left(database, Email)) == (1, 121)
    assert events.seen == [
        ("records.forgotten", {"what": "bodies", "count": 250}),
        ("records.forgotten", {"what": "emails", "count": 130}),
    ]
    forget(database, "emails", batches(RULES)["emails"])
    assert len(events.seen) == 2


def test_a_round_ends_by_the_clock_and_the_next_one_goes_on(database: Database, events: Any) -> None:
    asked: list[str] = []

    def endless(_connection: Connection, name: str) -> Forgotten:
        asked.append(name)
        return Forgotten(1, more=True)

    forget(database, "emails", [partial(endless, name="a"), partial(endless, name="b")], round_seconds=0.2)
    assert asked[:4] == ["a", "b", "a", "b"]
    assert events.seen == [("records.forgotten", {"what": "emails", "count": len(asked)})]


def test_half_of_the_time_is_left_to_others(database: Database) -> None:
    work = threading.Event()
    done = 0

    def slow(_connection: Connection) -> Forgotten:
        nonlocal done
        work.wait(0.1)
        done += 1
        return Forgotten(1, more=True)

    forget(database, "emails", [slow], round_seconds=1.0)
    assert 2 <= done <= 5


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({"bodies_days": 0, "emails_days": 0}, {"bodies", "captured", "emails", "other_events", "slots"}),
        ({"emails_days": 0}, {"emails", "other_events", "unaccounted_messages", "slots"}),
        ({"audit_days": 0}, {"audit_entries"}),
    ],
)
def test_what_is_kept_forever_has_no_batches(changes: dict[str, int], gone: set[str]) -> None:
    rules = RetentionRules(**({"bodies_days": 30, "emails_days": 90, "audit_days": 400} | changes))
    assert gone <= set(batches(RULES)) - set(batches(rules))
    assert {"idempotency_keys", "accounted_messages"} <= set(batches(rules))


def test_four_schedulers_forget_together(database: Database, events: Any) -> None:
    ended(database, 91, 300)
    together = threading.Barrier(4)

    def schedule(run: Callable[[], None]) -> None:
        together.wait(timeout=30)
        for _ in range(20):
            run()
            if not left(database, Email):
                return

    runs = [
        guarded(Job(what, 1.0, partial(forget, database, what, batches(RULES)[what])))
        for what in ("bodies", "emails", "bodies", "emails")
    ]
    threads = [threading.Thread(target=schedule, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (left(database, Email), left(database, ContentChunk)) == (0, 0)
    assert sum(fields["count"] for fields in events.of("records.forgotten") if fields["what"] == "emails") == 300
    assert events.of("job.failed") == []


def test_what_a_round_did_before_it_was_disturbed_is_told(database: Database, events: Any) -> None:
    answers = iter([Forgotten(50, more=True), None])

    def batch(_: Connection) -> Forgotten:
        if (answer := next(answers)) is None:
            raise DatabaseUnavailable
        return answer

    with pytest.raises(DatabaseUnavailable):
        forget(database, "emails", [batch])
    assert events.of("records.forgotten") == [{"what": "emails", "count": 50}]


def test_every_kind_runs_on_a_database_where_nothing_is_old(database: Database) -> None:
    with database.begin() as connection:
        row = {"workspace_id": draft().id, "endpoint": "emails", "key_hash": bytes(32)}
        connection.execute(insert(IdempotencyKey), [row | {"fingerprint": bytes(32), "answer": b"{}"}])
    for what, some in batches(RULES).items():
        forget(database, what, some)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(IdempotencyKey)).scalar_one() == 1
