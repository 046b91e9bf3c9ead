import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from loguru import logger
from sqlalchemy import select, update

from postroom_database.engine import Database
from postroom_database.models import Domain, ProviderJob
from postroom_database.repositories import domains, provider_jobs
from postroom_database.repositories.domains import SealedKey
from postroom_database.types import Now
from postroom_domain.dkim_keys import DkimKey, make_dkim_key
from postroom_domain.provider_jobs import ProviderJobKind, RemovedDomain
from postroom_domain.sealing import Seal
from postroom_testing.domains import new_domain
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer
from postroom_testing.ses_identities import IDENTITIES_PATH, KeptIdentity
from postroom_testing.ses_messages import Behaviour
from postroom_transport.factory import open_provider
from postroom_transport.provider import Provider
from postroom_worker.domain_look import DomainLook
from postroom_worker.provider_work import ProviderWork

NAME = "example.com"
SECRETS = ("a secret of the tests, long enough to be one",)
KEY = make_dkim_key()
WORKSPACE = uuid4()
HOUR = 3600.0


@dataclass
class Bench:
    """A worker's work over a database and an SES, and what a client and DNS do."""

    database: Database
    provider: Provider | None
    ses: SesServer
    lease_seconds: float = 30.0

    def make(self, secrets: tuple[str, ...] = SECRETS) -> ProviderWork:
        look = DomainLook(self.database, self.provider, Seal(secrets, "dkim"))
        return ProviderWork(self.database, self.provider, look, self.lease_seconds)

    def add_domain(self, key: DkimKey = KEY) -> UUID:
        sealed = SealedKey(key.selector, key.public_key, Seal(SECRETS, "dkim").seal(key.private_key))
        with self.database.begin() as connection:
            return domains.add(connection, WORKSPACE, new_domain(NAME), sealed).id  # type: ignore[no-any-return]  # a column

    def ask(self, domain_id: UUID) -> UUID:
        """POST /domains/{id}/verify; the id of the job."""
        with self.database.begin() as connection:
            held = domains.hold(connection, WORKSPACE, domain_id)
            assert held is not None
            domains.begin_verification(connection, held)
            provider_jobs.look_at_domain(connection, workspace_id=WORKSPACE, domain_id=domain_id, request_id="r")
        return domain_id

    def delete(self, domain_id: UUID) -> UUID:
        """DELETE /domains/{id}; the id of the job."""
        with self.database.begin() as connection:
            held = domains.hold(connection, WORKSPACE, domain_id)
            assert held is not None
            domains.remove(connection, held)
            provider_jobs.remove_domain(
                connection,
                RemovedDomain(held.name, held.dkim_selector),
                workspace_id=WORKSPACE,
                domain_id=domain_id,
                request_id="r",
            )
            return connection.execute(select(ProviderJob.id)).scalar_one()

    def add_job(self, kind: ProviderJobKind, subject: str) -> UUID:
        with self.database.begin() as connection:
            return provider_jobs.add(connection, kind, workspace_id=WORKSPACE, subject=subject, request_id="r")

    def domain(self, domain_id: UUID) -> Any:
        with self.database.read() as connection:
            return connection.execute(select(Domain.__table__).where(Domain.id == domain_id)).one()

    def job(self, job_id: UUID) -> Any:
        with self.database.read() as connection:
            return connection.execute(select(ProviderJob.__table__).where(ProviderJob.id == job_id)).one_or_none()

    def due_in_seconds(self, job_id: UUID) -> float:
        due_at: datetime = self.job(job_id).due_at
        return (due_at - datetime.now(UTC)).total_seconds()

    def make_due(self, job_id: UUID) -> None:
        with self.database.begin() as connection:
            connection.execute(update(ProviderJob).where(ProviderJob.id == job_id).values(due_at=Now(-1)))

    def change(self, domain_id: UUID, **values: Any) -> None:
        with self.database.begin() as connection:
            connection.execute(update(Domain).where(Domain.id == domain_id).values(**values))

    def look(self, job_id: UUID) -> None:
        self.make_due(job_id)
        self.make().work(job_id)

    def states(self, domain_id: UUID) -> tuple[str, str, str]:
        row = self.domain(domain_id)
        return row.status, row.dkim_status, row.return_path_status

    @property
    def identity(self) -> KeptIdentity:
        return self.ses.identities.kept[NAME]


@pytest.fixture
def bench(database: Database, ses: SesServer) -> Iterator[Bench]:
    provider = open_provider(ses.mail_url(), timeout_seconds=1)
    assert provider is not None
    yield Bench(database, provider, ses)
    provider.close()


@pytest.fixture
def events() -> Iterator[list[str]]:
    heard: list[str] = []
    sink = logger.add(lambda message: heard.append(message.record["message"]), level="DEBUG")
    yield heard
    logger.remove(sink)


def test_a_domain_is_registered_polled_verified_and_removed(bench: Bench, events: list[str]) -> None:
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.make().work(job_id)
    assert (bench.identity.tokens, bench.identity.public_key) == ([KEY.selector], KEY.public_key)
    assert (bench.identity.mail_from, bench.identity.configuration_set) == ("send.example.com", "postroom")
    assert bench.states(domain_id) == ("pending", "pending", "pending")
    job = bench.job(job_id)
    assert (job.lease_token, job.hinted_at, job.attempts) == (None, None, 0)
    assert 8 < bench.due_in_seconds(job_id) < 11

    bench.identity.dkim = "SUCCESS"
    bench.look(job_id)
    assert bench.states(domain_id) == ("partially_verified", "verified", "pending")

    bench.identity.mail_from_status = "SUCCESS"
    bench.look(job_id)
    assert bench.states(domain_id) == ("verified", "verified", "verified")
    assert 5.9 * HOUR < bench.due_in_seconds(job_id) < 6.1 * HOUR
    assert bench.ses.count("POST", IDENTITIES_PATH) == 1
    assert bench.ses.count("PUT", f"{IDENTITIES_PATH}/{NAME}/mail-from") == 1

    bench.make().work(bench.delete(domain_id))
    assert bench.ses.identities.kept == {}
    with bench.database.read() as connection:
        assert connection.execute(select(ProviderJob.id)).all() == []
    assert events.count("domain.checked") == 3
    assert "identity.removed" in events


def test_pauses_grow_with_the_time_that_was_waited(bench: Bench) -> None:
    job_id = bench.ask(bench.add_domain())
    for waited, pause in ((0.0, 10), (HOUR, 360), (20 * HOUR, 600)):
        bench.change(job_id, verify_asked_at=Now(-waited))
        bench.look(job_id)
        assert pause - 5 < bench.due_in_seconds(job_id) < pause + 5


def test_it_is_given_up_after_72_hours_and_begins_anew_when_asked(bench: Bench) -> None:
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.look(job_id)
    bench.change(domain_id, verify_asked_at=Now(-73 * HOUR))
    bench.look(job_id)
    assert bench.states(domain_id)[:2] == ("failed", "failed")
    assert "72 hours" in bench.domain(domain_id).reason
    assert bench.job(job_id) is None

    bench.identity.dkim = bench.identity.mail_from_status = "FAILED"
    bench.ask(domain_id)
    bench.make().work(job_id)
    assert bench.identity.looks == 2
    assert bench.states(domain_id) == ("pending", "pending", "pending")
    bench.look(job_id)
    assert bench.identity.looks == 2


def test_a_record_that_ses_does_not_find_fails_it(bench: Bench) -> None:
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.look(job_id)
    bench.identity.dkim = "FAILED"
    bench.look(job_id)
    assert bench.states(domain_id) == ("failed", "failed", "pending")
    assert bench.job(job_id) is None


def test_a_record_that_was_removed_is_noticed_and_trouble_in_looking_is_not_taken_for_it(bench: Bench) -> None:
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.look(job_id)
    bench.identity.dkim = bench.identity.mail_from_status = "SUCCESS"
    bench.look(job_id)
    bench.change(domain_id, verify_asked_at=Now(-300 * HOUR))

    bench.identity.dkim = "TEMPORARY_FAILURE"
    bench.look(job_id)
    assert bench.states(domain_id) == ("verified", "temporary_failure", "verified")
    bench.ses.script_managing(Behaviour.FAIL)
    bench.look(job_id)
    assert bench.states(domain_id)[0] == "verified"
    assert "InternalFailure" in bench.domain(domain_id).reason

    bench.identity.dkim = "SUCCESS"
    bench.identity.mail_from_status = "FAILED"
    bench.look(job_id)
    assert (bench.states(domain_id)[0], bench.domain(domain_id).reason) == ("partially_failed", None)
    bench.identity.dkim = "FAILED"
    bench.look(job_id)
    assert bench.states(domain_id)[0] == "failed"


def test_asking_again_for_a_verified_domain_looks_for_its_return_path_anew(bench: Bench) -> None:
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.look(job_id)
    bench.identity.dkim, bench.identity.mail_from_status = "SUCCESS", "FAILED"
    bench.look(job_id)
    assert bench.states(domain_id)[0] == "partially_failed"
    bench.ask(domain_id)
    assert bench.states(domain_id)[0] == "partially_failed"
    bench.look(job_id)
    assert bench.identity.mail_from_status == "PENDING"
    assert bench.states(domain_id) == ("partially_verified", "verified", "pending")


@pytest.mark.parametrize(
    "theirs",
    [
        KeptIdentity(dkim="SUCCESS", mail_from="mail.example.com", mail_from_status="SUCCESS"),
        KeptIdentity(origin="EXTERNAL", tokens=["somebodys"], dkim="SUCCESS"),
        KeptIdentity(origin="AWS_SES", tokens=[KEY.selector], dkim="SUCCESS"),
        KeptIdentity(origin="EXTERNAL", tokens=[KEY.selector, "other"], dkim="SUCCESS"),
    ],
    ids=["easy dkim", "another key", "ses's own token", "two tokens"],
)
def test_an_identity_of_somebody_else_is_left_untouched(bench: Bench, theirs: KeptIdentity) -> None:
    bench.ses.identities.kept[NAME] = theirs
    before = theirs.describe()
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.look(job_id)
    assert bench.states(domain_id)[0] == "failed"
    assert "domain declare" in bench.domain(domain_id).reason
    assert bench.job(job_id) is None
    bench.make().work(bench.delete(domain_id))
    assert bench.ses.identities.kept[NAME].describe() == before
    assert {method for method, _ in bench.ses.requests} == {"GET"}


def test_the_next_owner_of_a_name_waits_until_the_last_one_is_forgotten(bench: Bench) -> None:
    first = bench.add_domain()
    bench.look(bench.ask(first))
    removal = bench.delete(first)
    key = make_dkim_key()
    second = bench.add_domain(key)
    job_id = bench.ask(second)
    bench.look(job_id)
    assert bench.states(second)[0] == "pending"
    assert bench.due_in_seconds(job_id) < 11
    bench.make().work(removal)
    bench.look(job_id)
    assert bench.identity.tokens == [key.selector]


@pytest.mark.parametrize("behaviour", [Behaviour.THROTTLE, Behaviour.FAIL, Behaviour.HANG, Behaviour.DROP])
def test_an_ses_in_trouble_is_asked_again_later(bench: Bench, behaviour: Behaviour, events: list[str]) -> None:
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.ses.always_managing(behaviour)
    for attempt in (1, 2, 3):
        bench.look(job_id)
        job = bench.job(job_id)
        assert (job.attempts, job.lease_token, job.hinted_at) == (attempt, None, None)
        assert bench.due_in_seconds(job_id) < 2 * 2.0 ** (attempt - 1)
    assert bench.states(domain_id)[0] == "pending"
    assert "cannot be asked now" in bench.domain(domain_id).reason
    assert len(bench.ses.requests) == 3
    assert events.count("provider_job.postponed") == 3
    bench.ses.always_managing(Behaviour.ACCEPT)
    bench.look(job_id)
    assert bench.job(job_id).attempts == 0
    assert bench.domain(domain_id).reason is None


def test_an_answer_that_was_lost_does_not_make_the_identity_foreign(bench: Bench) -> None:
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.ses.script_managing(Behaviour.ACCEPT, Behaviour.DROP_AFTER)
    bench.look(job_id)
    assert bench.identity.tokens == [KEY.selector]
    bench.look(job_id)
    assert bench.states(domain_id) == ("pending", "pending", "pending")
    assert bench.ses.count("POST", IDENTITIES_PATH) == 1


def test_an_ses_in_trouble_for_too_long_fails_a_domain_that_never_was_verified(bench: Bench) -> None:
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.change(domain_id, verify_asked_at=Now(-73 * HOUR))
    bench.ses.always_managing(Behaviour.FAIL)
    bench.look(job_id)
    assert bench.states(domain_id)[0] == "failed"
    assert "InternalFailure" in bench.domain(domain_id).reason
    assert bench.job(job_id) is None


def test_a_key_that_cannot_be_unsealed_is_told_and_tried_again(bench: Bench, events: list[str]) -> None:
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.make(("another secret, and the old one is gone",)).work(job_id)
    assert bench.states(domain_id)[0] == "pending"
    assert "POSTROOM_SECRET_KEY" in bench.domain(domain_id).reason
    assert "domain_key.not_opened" in events
    assert bench.job(job_id).attempts == 1
    bench.make_due(job_id)
    bench.make(("another secret, in front of the old one", *SECRETS)).work(job_id)
    assert bench.identity.public_key == KEY.public_key
    assert bench.domain(domain_id).reason is None


def test_two_workers_at_one_job_do_it_once(bench: Bench) -> None:
    job_id = bench.ask(bench.add_domain())
    work = bench.make()
    threads = [threading.Thread(target=work.work, args=(job_id,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bench.ses.count("POST", IDENTITIES_PATH) == 1
    assert bench.ses.count("GET", f"{IDENTITIES_PATH}/{NAME}") == 3


def test_a_client_that_asks_again_is_not_answered_with_what_was_found_before(bench: Bench, events: list[str]) -> None:
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.look(job_id)
    bench.identity.dkim = "FAILED"
    bench.ses.script_managing(Behaviour.HANG)
    bench.make_due(job_id)
    before = len(bench.ses.requests)
    thread = threading.Thread(target=bench.make().work, args=(job_id,))
    thread.start()
    wait_until(lambda: len(bench.ses.requests) > before, seconds=10, what="the worker to ask SES")
    bench.ask(domain_id)
    thread.join()
    assert "lease.lost" in events
    assert bench.states(domain_id) == ("pending", "not_started", "not_started")
    assert bench.job(job_id).lease_token is None
    assert bench.due_in_seconds(job_id) < 1


def test_a_domain_that_is_deleted_while_it_is_registered_is_removed_afterwards(bench: Bench) -> None:
    bench.lease_seconds = 2
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.ses.script_managing(Behaviour.ACCEPT, Behaviour.HANG_AFTER)
    thread = threading.Thread(target=bench.make().work, args=(job_id,))
    thread.start()
    wait_until(lambda: NAME in bench.ses.identities.kept, seconds=10, what="the domain to be registered")
    removal = bench.delete(domain_id)
    bench.make().work(removal)
    assert NAME in bench.ses.identities.kept
    thread.join()
    time.sleep(max(0.0, bench.due_in_seconds(removal)) + 0.1)
    bench.make().work(removal)
    assert bench.ses.identities.kept == {}
    assert bench.job(removal) is None


def test_what_an_operator_declared_is_not_asked_for(bench: Bench) -> None:
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.change(domain_id, declared=True, status="verified")
    bench.look(job_id)
    assert bench.job(job_id) is None
    assert bench.states(domain_id)[0] == "verified"
    assert bench.ses.requests == []


def test_a_domain_that_is_declared_while_it_is_looked_at_stays_declared(bench: Bench) -> None:
    domain_id = bench.add_domain()
    job_id = bench.ask(domain_id)
    bench.ses.script_managing(Behaviour.HANG)
    thread = threading.Thread(target=bench.make().work, args=(job_id,))
    thread.start()
    wait_until(lambda: bool(bench.ses.requests), seconds=10, what="the worker to ask SES")
    bench.change(domain_id, declared=True, status="verified", verify_asked_at=Now(-73 * HOUR))
    thread.join()
    assert bench.states(domain_id)[0] == "verified"


def test_without_ses_there_is_nobody_to_tell(database: Database, ses: SesServer) -> None:
    bench = Bench(database, None, ses)
    domain_id = bench.add_domain()
    bench.look(bench.ask(domain_id))
    assert bench.states(domain_id)[0] == "pending"
    assert "domain declare" in bench.domain(domain_id).reason
    assert bench.job(domain_id) is None
    for job_id in (bench.delete(domain_id), bench.add_job(ProviderJobKind.UNSUPPRESS, "a@example.com")):
        bench.make().work(job_id)
        assert bench.job(job_id) is None


def test_an_address_is_taken_off_the_list(bench: Bench) -> None:
    bench.ses.identities.suppressed |= {"a+b@example.com", "c@example.com"}
    job_id = bench.add_job(ProviderJobKind.UNSUPPRESS, "a+b@example.com")
    bench.ses.script_managing(Behaviour.FAIL)
    bench.make().work(job_id)
    assert bench.job(job_id).attempts == 1
    bench.look(job_id)
    assert bench.job(job_id) is None
    assert bench.ses.identities.suppressed == {"c@example.com"}
    again = bench.add_job(ProviderJobKind.UNSUPPRESS, "a+b@example.com")
    bench.make().work(again)
    assert bench.job(again) is None


def test_a_fault_of_ours_does_not_lose_the_job(bench: Bench, events: list[str]) -> None:
    job_id = bench.add_job(ProviderJobKind.VERIFY_DOMAIN, "no id")
    bench.make().work(job_id)
    assert (bench.job(job_id).attempts, bench.job(job_id).lease_token) == (1, None)
    assert "provider_job.failed" in events


# PyMySQL leaves the socket of a connection that was refused to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_database_that_goes_away_meanwhile_is_waited_for(bench: Bench, mariadb: Any) -> None:
    job_id = bench.ask(bench.add_domain())
    bench.ses.script_managing(Behaviour.HANG)
    thread = threading.Thread(target=bench.make().work, args=(job_id,))
    thread.start()
    wait_until(lambda: bool(bench.ses.requests), seconds=10, what="the worker to ask SES")
    mariadb.stop()
    time.sleep(2)
    mariadb.start()
    thread.join(20)
    assert bench.job(job_id).lease_token is None
    assert "cannot be asked now" in bench.domain(job_id).reason


def test_a_lease_that_ended_is_taken_over(bench: Bench) -> None:
    job_id = bench.ask(bench.add_domain())
    with bench.database.begin() as connection:
        assert provider_jobs.claim(connection, job_id, lease_seconds=60)
    bench.make().work(job_id)
    assert bench.ses.requests == []
    bench.look(job_id)
    assert bench.states(job_id)[0] == "pending"
    assert bench.job(job_id).due_at < datetime.now(UTC) + timedelta(seconds=15)


def test_hints_that_were_not_begun_are_left_to_others(bench: Bench) -> None:
    job_id = bench.ask(bench.add_domain())
    with bench.database.begin() as connection:
        [unhinted] = provider_jobs.missing_hints(connection, older_than_seconds=60, limit=10)
        assert provider_jobs.claim_hint(connection, unhinted)
        assert not provider_jobs.claim_hint(connection, unhinted)
    assert bench.job(job_id).hinted_at is not None
    bench.make().leave([job_id])
    assert bench.job(job_id).hinted_at is None
