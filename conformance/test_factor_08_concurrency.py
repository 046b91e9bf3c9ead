"""What more processes do: more of the work, none of it twice, and nothing that nobody does."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from postroom_conformance.claims import proves, violates
from postroom_conformance.consumers import Hinted, find_unworked, opened_broker, read_table
from postroom_conformance.fixtures import Evidence
from postroom_conformance.ledger import find_doubled, find_lost
from postroom_conformance.replicas import Client
from postroom_conformance.slots import resume_together, store, store_due, subjects_arrived
from postroom_conformance.throughput import find_idle, measure_rate
from postroom_database.engine import Database
from postroom_images_testing.stack import Stack
from postroom_jobs.names import ALL

BATCHES = 8
PER_BATCH = 100
CALL_SECONDS = 0.5
MEASURED_SECONDS = 4.0
SLOTS = 100
MAIL = {"from": "from@example.com", "to": "to@example.com", "subject": "one of many", "text": "text"}


@dataclass(frozen=True, slots=True)
class Rates:
    """Emails a second: of one worker, of two, and of two of which one stands still; and what became of all."""

    one: float
    two: float
    paused: float
    sent: list[str]
    arrived: list[str]
    by_worker: Counter[str]


@dataclass(frozen=True, slots=True)
class Slots:
    """Subjects: of slots, of the one that stands in the table twice, of what arrived; and who fired how many."""

    due: list[str]
    twice: str
    arrived: list[str]
    by_scheduler: Counter[str]


@pytest.fixture(scope="module")
def rates(stack: Stack) -> Iterator[Rates]:
    """One run: what is measured is how much is done while more waits than can be."""
    stack.ses.latency_seconds = CALL_SECONDS
    client = Client(stack.containers["api"], stack.key)
    try:
        answers = [client.ask("POST", "/emails/batch", [MAIL] * PER_BATCH) for _ in range(BATCHES)]
        sent = [email["id"] for answer in answers for email in answer["data"]]
        one = measure_rate(stack.ses, MEASURED_SECONDS)
        second = stack.start("worker-2")
        stack.wait_ready("worker-2")
        stack.wait_until(lambda: second.has_told("email.sent"), "the second worker to be at it")
        two = measure_rate(stack.ses, MEASURED_SECONDS)
        second.pause()
        paused = measure_rate(stack.ses, MEASURED_SECONDS)
        waiting = len(sent) - len(set(sent) & set(stack.arrived()))
        assert waiting > 0, "there was too little to do"
        second.resume()
        stack.ses.latency_seconds = 0.0
        stack.wait_until(lambda: not find_lost(sent, stack.arrived()), "all emails")
        yield Rates(one, two, paused, sent, stack.arrived(), _count(stack, "email.sent", "worker", "worker-2"))
    finally:
        stack.ses.latency_seconds = 0.0
        stack.remove("worker-2")


@pytest.fixture(scope="module")
def slots(stack: Stack) -> Iterator[Slots]:
    second = stack.start("scheduler-2")
    try:
        stack.wait_ready("scheduler-2")
        both = [stack.containers["scheduler"], second]
        for scheduler in both:
            scheduler.pause()
        try:
            *due, twice = store_due(stack, SLOTS + 1)
            with closing(Database(stack.database_url())) as database:
                store(database, twice)
        finally:
            resume_together(both)
        stack.wait_until(
            lambda: not find_lost(due, subjects_arrived(stack)) and subjects_arrived(stack).count(twice) > 1,
            "the email of each slot",
        )
        yield Slots(due, twice, subjects_arrived(stack), _count(stack, "slot.fired", "scheduler", "scheduler-2"))
    finally:
        stack.remove("scheduler-2")


def _count(stack: Stack, event: str, *names: str) -> Counter[str]:
    return Counter(name for name in names for one in stack.containers[name].events() if one["event"] == event)


@proves("Where it is waiting for SES that takes the time, two workers send at least 1.4 times as much as one.")
def test_a_second_worker_does_more(rates: Rates, evidence: Evidence) -> None:
    evidence(f"calls of {CALL_SECONDS} s: one worker sends {rates.one:.1f} a second, two send {rates.two:.1f}")
    evidence(f"that is {rates.two / rates.one:.2f} times as much")
    assert find_idle(rates.one, rates.two) == []


@violates(test_a_second_worker_does_more, "a second worker that stands still")
def test_a_worker_that_does_nothing_is_found(rates: Rates) -> None:
    assert find_idle(rates.one, rates.paused) != []


@proves("However many workers there are, each email is sent once.")
def test_two_workers_send_nothing_twice(rates: Rates, evidence: Evidence) -> None:
    doubled = find_doubled(rates.sent, rates.arrived)

    evidence(f"{len(rates.sent)} emails, {dict(rates.by_worker)}: {len(doubled)} arrived twice")
    assert doubled == []
    assert find_lost(rates.sent, rates.arrived) == []


@violates(test_two_workers_send_nothing_twice, "an email that arrives a second time")
def test_an_email_that_is_sent_twice_is_found(rates: Rates) -> None:
    again = rates.sent[0]

    assert find_doubled(rates.sent, [*rates.arrived, again]) == [again]


@proves("However many schedulers there are, each slot of a schedule fires once.")
def test_two_schedulers_fire_a_slot_once(slots: Slots, evidence: Evidence) -> None:
    doubled = find_doubled(slots.due, slots.arrived)

    evidence(f"{len(slots.due)} slots due at once, {dict(slots.by_scheduler)}: {len(doubled)} fired twice")
    assert doubled == []


@violates(test_two_schedulers_fire_a_slot_once, "a slot that is in the table twice: nothing keeps two apart")
def test_a_slot_that_fires_twice_is_found(slots: Slots) -> None:
    assert find_doubled([*slots.due, slots.twice], slots.arrived) == [slots.twice]


@proves("Whatever the scheduler hints, the worker has an actor for, and takes from its queue.")
def test_every_job_of_the_scheduler_is_worked_at(stack: Stack, evidence: Evidence) -> None:
    table = read_table(stack)
    with opened_broker(stack) as broker:
        found = find_unworked(broker, table, seconds=30)

    evidence(f"hinted by {len({one.job for one in table})} jobs and done: {', '.join(one.actor for one in table)}")
    assert found == []
    assert {one.queue for one in table} == {job.queue for job in ALL}


@violates(test_every_job_of_the_scheduler_is_worked_at, "a job that hints into a queue that nobody consumes")
def test_a_queue_without_consumer_is_found(stack: Stack) -> None:
    with opened_broker(stack) as broker:
        planted = [Hinted("report", "deliver_bulk", "reports")]
        assert find_unworked(broker, planted, seconds=2) == ["report: nobody consumes reports"]


@violates(test_every_job_of_the_scheduler_is_worked_at, "a job that hints something that is no actor")
def test_a_name_that_is_no_actor_is_found(stack: Stack) -> None:
    with opened_broker(stack) as broker:
        planted = [Hinted("report", "make_report", "bulk")]
        assert find_unworked(broker, planted, seconds=10) == ["report: make_report is no actor of the worker"]
