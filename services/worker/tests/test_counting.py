"""What the worker counts, read as Prometheus would read it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import update

from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.repositories import suppressions
from postroom_database.repositories.suppressions import NewSuppression
from postroom_database.types import Now
from postroom_domain.suppressions import Origin
from postroom_testing.drafts import attachment, draft, store
from postroom_testing.files import FileServer
from postroom_testing.ses import SesServer
from postroom_testing.ses_messages import Behaviour
from postroom_transport.factory import open_transport
from postroom_transport.message import Message, RecipientResult, Result, Verdict
from postroom_worker import counting
from postroom_worker.outcomes import RetryRules
from postroom_worker_testing.deliverer import CALL_SECONDS, Deliverer

FAMILIES = ("postroom_emails_sent", "postroom_emails_failed", "postroom_emails_deferred")


@pytest.fixture
def deliverer(database: Database, ses: SesServer) -> Iterator[Deliverer]:
    transport = open_transport(ses.mail_url(), timeout_seconds=CALL_SECONDS, inbox_store=None)
    yield Deliverer(database, transport)
    transport.close()


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def counted() -> dict[tuple[str, ...], float]:
    """Every counter of what emails came to: (name, transport, reason)."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in REGISTRY.collect()
        if family.name in FAMILIES
        for sample in family.samples
        if sample.name.endswith("_total")
    }


def changed(work: Callable[[], object]) -> dict[tuple[str, ...], float]:
    before = counted()
    work()
    return {key: now - before.get(key, 0) for key, now in counted().items() if now != before.get(key, 0)}


SENT = ("postroom_emails_sent_total", "ses")
FAILED = ("postroom_emails_failed_total", "ses")
DEFERRED = ("postroom_emails_deferred_total", "ses")


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (Behaviour.ACCEPT, SENT),
        (Behaviour.REJECT, (*FAILED, "rejected")),
        (Behaviour.THROTTLE, (*DEFERRED, "refused")),
        (Behaviour.FAIL, (*DEFERRED, "provider")),
        (Behaviour.DROP_AFTER, (*DEFERRED, "unknown")),
    ],
)
def test_each_answer_counts_as_one_email_under_its_reason(
    deliverer: Deliverer, ses: SesServer, behaviour: Behaviour, expected: tuple[str, ...]
) -> None:
    one = draft(cc=["c@example.com"])
    store(deliverer.database, one)
    ses.script(behaviour)
    calls = value("postroom_provider_call_seconds_count", transport="ses")
    written = value("postroom_leases_ended_total", kind="email", outcome="written")
    assert changed(lambda: deliverer.make().deliver(one.id)) == {expected: 1}
    assert value("postroom_provider_call_seconds_count", transport="ses") == calls + 1
    assert value("postroom_leases_ended_total", kind="email", outcome="written") == written + 1
    assert value("postroom_leases_held", kind="email") == 0


def test_what_could_have_gone_away_and_did_not_is_given_up(deliverer: Deliverer, ses: SesServer) -> None:
    one = draft()
    store(deliverer.database, one)
    deliverer.rules = RetryRules(age_seconds=0, settle_seconds=300)
    ses.script(Behaviour.FAIL)
    assert changed(lambda: deliverer.make().deliver(one.id)) == {(*FAILED, "gave_up"): 1}


def test_an_email_to_nobody_is_suppressed_and_costs_no_call(deliverer: Deliverer) -> None:
    one = draft()
    store(deliverer.database, one)
    with deliverer.database.begin() as connection:
        suppressions.add(connection, one.workspace_id, [NewSuppression("to@example.com", Origin.BOUNCE)])
    calls = value("postroom_provider_call_seconds_count", transport="ses")
    assert changed(lambda: deliverer.make().deliver(one.id)) == {(*FAILED, "suppressed"): 1}
    assert value("postroom_provider_call_seconds_count", transport="ses") == calls


def test_an_attachment_that_cannot_be_fetched_is_no_fault_of_the_provider(deliverer: Deliverer) -> None:
    with FileServer({}) as files:
        one = draft(attachments=(attachment(None, path=f"{files.url}/gone.pdf"),))
        store(deliverer.database, one)
        assert changed(lambda: deliverer.make().deliver(one.id)) == {(*FAILED, "attachment"): 1}


def test_from_accepted_to_sent_is_measured_by_the_databases_clock(deliverer: Deliverer) -> None:
    labels = {"transport": "ses", "lane": "interactive"}
    one = draft()
    store(deliverer.database, one)
    with deliverer.database.begin() as connection:
        connection.execute(update(Email).where(Email.id == one.id).values(created_at=Now(-100)))
    before = value("postroom_end_to_end_seconds_sum", **labels)
    count = value("postroom_end_to_end_seconds_count", **labels)
    deliverer.make().deliver(one.id)
    assert value("postroom_end_to_end_seconds_count", **labels) == count + 1
    assert value("postroom_end_to_end_seconds_sum", **labels) - before == pytest.approx(100, abs=20)


class Reflecting:
    """A transport whose words are the client's own."""

    name = "reflecting"
    settles = False
    max_bytes = 10**9

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def send(self, message: Message) -> Result:
        reason = f"550 {message.recipients[0]} {message.email_id}"
        return Result(None, tuple(RecipientResult(one, self.verdict, reason) for one in message.recipients))

    def check(self) -> str:
        return ""

    def close(self) -> None:
        pass


def test_reasons_are_words_of_ours_and_stand_there_before_anything_happened(database: Database) -> None:
    for verdict in Verdict:
        one = draft(to=["a-very-own-address@example.com"])
        store(database, one)
        Deliverer(database, Reflecting(verdict)).make().deliver(one.id)
    series: dict[str, set[Any]] = {}
    for family in REGISTRY.collect():
        for sample in family.samples:
            assert "example.com" not in str(sample.labels)
            if sample.labels.get("transport") == "reflecting" and "reason" in sample.labels:
                series.setdefault(family.name, set()).add(sample.labels["reason"])
    assert series == {
        "postroom_emails_failed": set(counting.FAILURES),
        "postroom_emails_deferred": set(counting.DEFERRALS),
    }
