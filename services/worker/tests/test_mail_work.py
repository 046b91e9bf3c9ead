import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import insert, update

from postroom_database.drafts import Draft
from postroom_database.engine import Database
from postroom_database.models import Email, Workspace
from postroom_database.repositories import quotas, sweeps
from postroom_database.types import Now
from postroom_domain.lanes import Lane
from postroom_domain.quotas import UNLIMITED, Quota
from postroom_health.backing_service import BackingService
from postroom_testing.drafts import draft, store
from postroom_testing.mariadb import MariaDb
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer
from postroom_testing.ses_messages import Behaviour
from postroom_transport.factory import open_transport
from postroom_worker.mail_work import MailWork
from postroom_worker.pace import Pace
from postroom_worker.patience import Patience
from postroom_worker_testing.deliverer import CALL_SECONDS, Deliverer

HINT_SECONDS = 0.6


@dataclass
class Bench:
    deliverer: Deliverer
    redis_url: str
    stopping: threading.Event = field(default_factory=threading.Event)
    paces: list[Pace] = field(default_factory=list)

    def make(self, per_second: float | None, **changes: Any) -> MailWork:
        """Work at a rate; None: at none."""
        pace = None
        database = self.deliverer.database
        if per_second is not None:
            values: dict[str, Any] = {"per_day": UNLIMITED, "sent_in_day": 0.0, "sending_enabled": True} | changes
            with database.begin() as connection:
                quotas.write(connection, Quota(per_second=per_second, **values))
            pace = Pace(database, self.redis_url, 0.2)
            pace.start()
            self.paces.append(pace)
        patience = Patience(BackingService("database"), self.stopping)
        return MailWork(database, self.deliverer.make(), pace, patience, self.stopping, hint_seconds=HINT_SECONDS)

    def store(self, count: int, **changes: Any) -> list[Draft]:
        drafts = [draft(**changes) for _ in range(count)]
        store(self.deliverer.database, *drafts)
        return drafts

    def change(self, **values: Any) -> None:
        with self.deliverer.database.begin() as connection:
            connection.execute(update(Email).values(**values))

    def rows(self, drafts: list[Draft]) -> list[Any]:
        return [self.deliverer.row(one.id) for one in drafts]

    def lost(self) -> int:
        """Hints that a scheduler would give again."""
        with self.deliverer.database.read() as connection:
            return len(sweeps.missing_hints(connection, Lane.INTERACTIVE, older_than_seconds=HINT_SECONDS, limit=10))

    def told(self, one: Draft) -> int:
        return sum(name == "email.parked" for name, _ in self.deliverer.events(one.id))


@pytest.fixture
def bench(database: Database, ses: SesServer, redis_url: str) -> Iterator[Bench]:
    transport = open_transport(ses.mail_url(), timeout_seconds=CALL_SECONDS, inbox_store=None)
    made = Bench(Deliverer(database, transport), redis_url)
    yield made
    for pace in made.paces:
        pace.close()
    transport.close()


def count_parked(why: str) -> float:
    return REGISTRY.get_sample_value("postroom_emails_parked_total", {"reason": why}) or 0.0


def ids(drafts: list[Draft]) -> list[Any]:
    return [one.id for one in drafts]


@pytest.mark.parametrize("per_second", [None, 1000.0])
def test_all_emails_of_a_hint_are_delivered_once(bench: Bench, ses: SesServer, per_second: float | None) -> None:
    drafts, work = bench.store(10), bench.make(per_second)
    for _ in range(2):
        work.deliver(Lane.BULK, ids(drafts))
    assert len(ses.mails) == 10


def test_mail_goes_at_the_providers_rate(bench: Bench, ses: SesServer) -> None:
    work = bench.make(20.0)
    started = time.monotonic()
    work.deliver(Lane.BULK, ids(bench.store(10)))
    work.deliver(Lane.BULK, ids(bench.store(10, cc=["c@example.com"])))
    assert (10 + 20 - 2) / 20 - 0.2 < time.monotonic() - started < 5.0


def test_what_was_granted_and_not_needed_is_given_back(bench: Bench, ses: SesServer) -> None:
    drafts, work = bench.store(8), bench.make(1.0)
    thread = threading.Thread(target=work.deliver, args=(Lane.BULK, ids(drafts)))
    thread.start()
    wait_until(lambda: len(ses.mails) == 1, seconds=5, what="the first mail")
    bench.change(state="canceled")  # those that wait were looked at before
    started = time.monotonic()
    thread.join()
    assert time.monotonic() - started < 4.0
    assert len(ses.mails) == 1


def test_a_day_that_is_spent_parks_the_rest_of_a_hint(
    bench: Bench, ses: SesServer, heard: list[tuple[str, Any]]
) -> None:
    drafts, work, before = bench.store(10), bench.make(1000.0, per_day=100.0, sent_in_day=76.0), count_parked("quota")
    work.deliver(Lane.BULK, ids(drafts))
    assert len(ses.mails) == 4
    parked = bench.rows(drafts[4:])
    assert {row.state for row in parked} == {"queued"}
    assert {row.hinted_at for row in parked} == {None}
    assert {row.reason for row in parked} == {"the provider's quota of mail in 24 hours is spent"}
    assert count_parked("quota") - before == 6
    assert [fields["count"] for name, fields in heard if name == "email.parked"] == [6]
    bench.change(due_at=Now(-1))
    work.deliver(Lane.BULK, ids(drafts))
    assert [bench.told(one) for one in drafts] == [0] * 4 + [1] * 6
    bench.change(due_at=Now(-1))
    work.deliver(Lane.INTERACTIVE, ids(drafts))
    assert len(ses.mails) == 10


def test_paused_sending_parks_without_asking_the_provider(bench: Bench, ses: SesServer) -> None:
    drafts, work = bench.store(3), bench.make(14.0, sending_enabled=False)
    work.deliver(Lane.INTERACTIVE, ids(drafts))
    assert ses.count_sends() == 0
    assert [bench.told(one) for one in drafts] == [1, 1, 1]


@pytest.mark.parametrize("per_second", [None, 1000.0])
def test_mail_of_a_suspended_workspace_waits_and_other_mail_does_not(
    bench: Bench, ses: SesServer, per_second: float | None
) -> None:
    drafts, work, before = bench.store(3), bench.make(per_second), count_parked("suspended")
    with bench.deliverer.database.begin() as connection:
        connection.execute(
            insert(Workspace).values(
                id=drafts[1].workspace_id, name="one", suspended_at=Now(), suspended_reason="complaints"
            )
        )
    work.deliver(Lane.INTERACTIVE, ids(drafts))
    assert [row.state for row in bench.rows(drafts)] == ["sent", "queued", "sent"]
    assert bench.deliverer.row(drafts[1].id).reason == "the workspace is suspended: complaints"
    assert count_parked("suspended") - before == 1


def test_a_throttle_slows_everybody_down(bench: Bench, ses: SesServer) -> None:
    work, before = bench.make(1000.0), count_parked("refused")
    ses.script(Behaviour.THROTTLE)
    started = time.monotonic()
    work.deliver(Lane.BULK, ids(bench.store(2)))
    assert 0.7 < time.monotonic() - started < 5.0
    assert count_parked("refused") - before == 1


def test_hints_of_mail_that_waits_stay_young(bench: Bench, ses: SesServer) -> None:
    drafts, work = bench.store(3), bench.make(0.5)
    bench.change(hinted_at=Now(-100))
    assert bench.lost() == 3
    thread = threading.Thread(target=work.deliver, args=(Lane.BULK, ids(drafts)))
    thread.start()
    wait_until(lambda: bench.lost() == 0, seconds=5, what="the hints to be kept")
    bench.stopping.set()
    thread.join(5)
    assert {row.hinted_at for row in bench.rows(drafts[1:])} == {None}
    assert len(ses.mails) == 1


# PyMySQL leaves the socket of a connection that was refused to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_database_that_is_away_is_waited_for(bench: Bench, ses: SesServer, mariadb: MariaDb) -> None:
    drafts, work = bench.store(2), bench.make(1000.0)
    mariadb.stop()
    thread = threading.Thread(target=work.deliver, args=(Lane.BULK, ids(drafts)))
    thread.start()
    time.sleep(1)
    mariadb.start()
    thread.join(20)
    assert len(ses.mails) == 2


def test_mail_that_is_tried_alone_is_paced_too(bench: Bench, ses: SesServer) -> None:
    drafts, work = bench.store(3), bench.make(4.0)
    bench.change(state="suspect")
    started = time.monotonic()
    work.deliver_alone(ids(drafts))
    assert (3 - 1.25) / 4 - 0.1 < time.monotonic() - started < 5.0
    assert len(ses.mails) == 3
