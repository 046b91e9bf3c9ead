"""Posting to endpoints over HTTP: what they get, what is written of it, and when it is tried again."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import svix
from sqlalchemy import delete, select

from postroom_database.engine import Database
from postroom_database.errors import LeaseLost
from postroom_database.models import AuditEntry, Event
from postroom_database.repositories import timelines, webhook_hints, webhook_posting
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import Now
from postroom_domain.webhook_signatures import new_secret
from postroom_migrations.migrate import migrate
from postroom_testing.drafts import draft, store
from postroom_testing.mariadb import MariaDb
from postroom_testing.server import wait_until
from postroom_testing.webhook_receiver import Answer, Received, WebhookReceiver
from postroom_testing.webhooks import seal
from postroom_worker_testing.webhooks import Posting

DAY = 86_400


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as server:
        yield server


@pytest.fixture
def posting(database: Database) -> Posting:
    return Posting(database)


def verify(secret: str, request: Received) -> None:
    svix.Webhook(secret).verify(request.body, request.headers)


def test_an_event_is_posted_signed_and_written_down(
    posting: Posting, receiver: WebhookReceiver, heard: list[tuple[str, Any]]
) -> None:
    secret = new_secret()
    receiver.answers["/"] = Answer(200, b"thanks")
    webhook_id = posting.add(receiver.url(), secret=seal(secret))
    email = draft(posting.workspace_id, tags=[{"name": "team", "value": "blue"}])
    store(posting.database, email)
    with posting.database.begin() as connection:
        timelines.append(connection, posting.workspace_id, email.id, [NewEvent("email.delivered", "to@example.com")])
    posting.work().work([webhook_id])
    [request] = receiver.requests
    verify(secret, request)
    payload = json.loads(request.body)
    assert (payload["type"], payload["data"]["email_id"]) == ("email.delivered", str(email.id))
    assert payload["data"]["tags"] == {"team": "blue"}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("Postroom/")
    [delivery] = posting.deliveries(webhook_id)
    assert request.id == f"msg_{delivery.id.hex}"
    assert (delivery.state, delivery.attempts, delivery.due_at, delivery.lease_token) == ("success", 1, None, None)
    [attempt] = posting.attempts(delivery.id)
    assert (attempt.status_code, attempt.response) == (200, "thanks")
    assert delivery.created_at <= attempt.sent_at
    webhook = posting.webhook(webhook_id)
    assert (webhook.lease_token, webhook.lease_ends_at, webhook.hinted_at) == (None, None, None)
    [fields] = [fields for name, fields in heard if name == "webhook.posted"]
    assert (fields["request_id"], fields["email_id"]) == ("request-1", str(email.id))
    assert fields["webhook_id"] == str(webhook_id)
    assert receiver.url() not in str(heard)


def test_sqlite_will_do(receiver: WebhookReceiver, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'postroom.db'}")
    migrate(database)
    posting = Posting(database)
    receiver.answers["/ill"] = Answer(500)
    well, ill = posting.add(receiver.url("/well")), posting.add(receiver.url("/ill"))
    posting.change(ill, failing_since=Now(-6 * DAY))
    posting.tell(20)
    posting.work().work([well])
    posting.work().work_slowly([ill])
    told = [(one.type, one.state) for one in posting.deliveries(well)]
    assert told == [("domain.updated", "success")] * 20 + [("webhook.disabled", "pending")]
    assert posting.webhook(ill).status == "disabled"
    assert [one.state for one in posting.deliveries(ill)] == ["pending"] * 20
    database.close()


def test_both_secrets_sign_while_a_rotation_overlaps(posting: Posting, receiver: WebhookReceiver) -> None:
    new, old = new_secret(), new_secret()
    webhook_id = posting.add(receiver.url(), secret=seal(new), previous_secret=seal(old), previous_secret_ends_at=None)
    posting.change(webhook_id, previous_secret_ends_at=Now(3600))
    posting.tell()
    posting.work().work([webhook_id])
    posting.change(webhook_id, previous_secret_ends_at=Now(-1))
    posting.tell()
    posting.work().work([webhook_id])
    during, after = receiver.requests
    verify(new, during)
    verify(old, during)
    verify(new, after)
    with pytest.raises(svix.WebhookVerificationError):
        verify(old, after)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_2xx_is_a_success(posting: Posting, receiver: WebhookReceiver, status: int) -> None:
    receiver.answers["/"] = Answer(status)
    webhook_id = posting.add(receiver.url())
    posting.tell()
    posting.work().work([webhook_id])
    assert [one.state for one in posting.deliveries(webhook_id)] == ["success"]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 429, 500, 503])
def test_everything_else_is_a_failure_and_no_redirect_is_followed(
    posting: Posting, receiver: WebhookReceiver, status: int
) -> None:
    receiver.answers["/"] = Answer(status, location=receiver.url("/elsewhere"))
    webhook_id = posting.add(receiver.url())
    posting.tell()
    posting.work().work([webhook_id])
    [delivery] = posting.deliveries(webhook_id)
    assert (delivery.state, delivery.attempts) == ("pending", 1)
    assert [one.status_code for one in posting.attempts(delivery.id)] == [status]
    assert [request.path for request in receiver.requests] == ["/"]


def test_it_is_tried_again_after_the_waits_that_are_promised(posting: Posting, receiver: WebhookReceiver) -> None:
    receiver.answers["/"] = Answer(500, b"x" * 100_000)
    webhook_id = posting.add(receiver.url())
    posting.tell()
    work = posting.work()
    hours = 3600
    for attempt, wait in enumerate([5, 300, 1800, 2 * hours, 5 * hours, 10 * hours, 10 * hours], start=1):
        work.work([webhook_id])
        [delivery] = posting.deliveries(webhook_id)
        assert (delivery.state, delivery.attempts) == ("pending", attempt)
        assert wait - 3 < delivery.wait <= wait
        work.work([webhook_id])
        assert len(receiver.requests) == attempt  # not before it is due
        posting.change_deliveries(webhook_id, due_at=Now())
    work.work([webhook_id])
    [delivery] = posting.deliveries(webhook_id)
    assert (delivery.state, delivery.attempts, delivery.due_at) == ("failed", 8, None)
    assert len({request.id for request in receiver.requests}) == 1
    attempts = posting.attempts(delivery.id)
    assert [(one.status_code, one.response) for one in attempts] == [(500, "x" * 1024)] * 8


def test_an_endpoint_that_takes_too_long_is_left(database: Database, receiver: WebhookReceiver) -> None:
    posting = Posting(database, request_seconds=0.4)
    receiver.answers["/"] = Answer(hangs=True)
    webhook_id = posting.add(receiver.url())
    posting.tell()
    posting.work().work([webhook_id])
    [delivery] = posting.deliveries(webhook_id)
    [attempt] = posting.attempts(delivery.id)
    assert (delivery.state, attempt.status_code) == ("pending", None)
    assert "too long" in attempt.response
    assert 300 < attempt.took_milliseconds < 5000


@pytest.mark.parametrize(("status", "state"), [(200, "success"), (500, "pending")])
def test_the_status_counts_although_its_body_never_ends(
    database: Database, receiver: WebhookReceiver, status: int, state: str
) -> None:
    posting = Posting(database, request_seconds=0.4)
    receiver.answers["/"] = Answer(status, b"so far", drips=True)
    webhook_id = posting.add(receiver.url())
    posting.tell()
    posting.work().work([webhook_id])
    [delivery] = posting.deliveries(webhook_id)
    [attempt] = posting.attempts(delivery.id)
    assert (delivery.state, attempt.status_code) == (state, status)
    assert attempt.response.startswith("so far")
    assert 300 < attempt.took_milliseconds < 5000


def test_an_address_that_may_not_be_reached_is_a_failure(posting: Posting, receiver: WebhookReceiver) -> None:
    webhook_id = posting.add(receiver.url())
    posting.tell()
    posting.work(allow=()).work([webhook_id])
    [delivery] = posting.deliveries(webhook_id)
    [attempt] = posting.attempts(delivery.id)
    assert (delivery.state, attempt.status_code) == ("pending", None)
    assert "not public" in attempt.response
    assert receiver.requests == []


def test_eight_at_once_to_an_endpoint_that_is_well_and_one_to_one_that_is_not(
    posting: Posting, receiver: WebhookReceiver
) -> None:
    gate = threading.Event()
    receiver.answers["/"] = Answer(waits_for=lambda: gate.is_set() or receiver.most_at_once["/"] == 8)
    webhook_id = posting.add(receiver.url())
    posting.tell(20)
    posting.work().work([webhook_id])
    assert receiver.most_at_once == {"/": 8}
    assert [one.state for one in posting.deliveries(webhook_id)] == ["success"] * 20

    gate.set()
    receiver.answers["/ill"] = Answer(500)
    ill = posting.add(receiver.url("/ill"), failing_since=None)
    posting.tell(20)
    posting.work().work_slowly([ill])
    assert receiver.most_at_once["/ill"] == 1
    assert len(receiver.of("/ill")) == 20


def lanes_of(posting: Posting) -> tuple[int, int]:
    """How many webhooks a sweep would hint: to the healthy queue, and to the slow one."""
    with posting.database.read() as connection:
        healthy, slow = (
            webhook_hints.missing_hints(connection, slow=slow, older_than_seconds=60, limit=10)
            for slow in (False, True)
        )
    return len(healthy), len(slow)


def test_a_webhook_that_fails_goes_on_among_the_slow_ones_and_comes_back(
    posting: Posting, receiver: WebhookReceiver
) -> None:
    receiver.answers["/"] = Answer(500)
    webhook_id = posting.add(receiver.url())
    posting.tell(20)
    assert lanes_of(posting) == (1, 0)
    posting.work().work([webhook_id])
    assert len(receiver.requests) == 8
    assert posting.webhook(webhook_id).failing_since is not None
    assert lanes_of(posting) == (0, 1)
    del receiver.answers["/"]
    posting.work().work_slowly([webhook_id])
    assert len(receiver.requests) == 9
    assert posting.webhook(webhook_id).failing_since is None
    assert lanes_of(posting) == (1, 0)


def test_a_webhook_that_takes_long_goes_on_among_the_slow_ones(
    posting: Posting, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postroom_worker.webhook_work._SLOW_SECONDS", 0.0)
    webhook_id = posting.add(receiver.url())
    posting.tell(9)
    posting.work().work([webhook_id])
    assert posting.webhook(webhook_id).failing_since is None
    assert (len(receiver.requests), lanes_of(posting)) == (8, (0, 1))


def test_what_failed_for_five_days_is_disabled_and_the_others_are_told(
    posting: Posting, receiver: WebhookReceiver, heard: list[tuple[str, Any]]
) -> None:
    receiver.answers["/ill"] = Answer(500)
    ill, well = posting.add(receiver.url("/ill")), posting.add(receiver.url("/well"))
    posting.tell()
    posting.change(ill, failing_since=Now(-5 * DAY + 60))
    posting.work().work([ill])
    assert posting.webhook(ill).status == "enabled"
    posting.change(ill, failing_since=Now(-5 * DAY - 60))
    posting.change_deliveries(ill, due_at=Now())
    posting.tell(2)
    posting.work().work_slowly([ill])
    webhook = posting.webhook(ill)
    assert (webhook.status, webhook.reason) == ("disabled", "every attempt failed for 5 days")
    assert (webhook.lease_token, webhook.lease_ends_at) == (None, None)
    assert ("webhook.disabled", str(ill)) in [(name, fields.get("webhook_id")) for name, fields in heard]
    assert [one.type for one in posting.deliveries(ill)].count("webhook.disabled") == 0

    posting.work().work([well])
    told = [json.loads(request.body) for request in receiver.of("/well")]
    assert [one["data"]["id"] for one in told if one["type"] == "webhook.disabled"] == [str(ill)]
    with posting.database.read() as connection:
        entries = connection.execute(select(AuditEntry.actor, AuditEntry.action, AuditEntry.resource_id)).all()
    assert entries == [("postroom", "webhook.disabled", str(ill))]

    # What waits stays, and goes out when the client enables it.
    posting.tell()
    made = len(receiver.of("/ill"))
    posting.work().work([ill])
    assert (len(receiver.of("/ill")), lanes_of(posting)) == (made, (1, 0))
    del receiver.answers["/ill"]
    posting.change(ill, status="enabled", failing_since=None, reason=None)
    posting.work().work([ill])
    assert len(receiver.of("/ill")) == made + 2


def test_what_a_client_disabled_meanwhile_is_not_disabled_by_postroom(
    posting: Posting, receiver: WebhookReceiver
) -> None:
    gate = threading.Event()
    receiver.answers["/"] = Answer(500, waits_for=gate.is_set)
    webhook_id = posting.add(receiver.url(), types=["domain.updated"])
    other = posting.add(receiver.url("/other"), types=["webhook.disabled"])
    posting.tell()
    posting.change(webhook_id, failing_since=Now(-6 * DAY))
    turn = threading.Thread(target=posting.work().work, args=([webhook_id],))
    turn.start()
    wait_until(lambda: len(receiver.requests) == 1, seconds=5, what="the request")
    posting.change(webhook_id, status="disabled")
    gate.set()
    turn.join()
    webhook = posting.webhook(webhook_id)
    assert (webhook.status, webhook.reason, posting.deliveries(other)) == ("disabled", None, [])


def test_one_success_keeps_it_enabled(posting: Posting, receiver: WebhookReceiver) -> None:
    webhook_id = posting.add(receiver.url())
    posting.change(webhook_id, failing_since=Now(-6 * DAY))
    posting.tell()
    posting.work().work_slowly([webhook_id])
    webhook = posting.webhook(webhook_id)
    assert (webhook.status, webhook.failing_since) == ("enabled", None)


def test_one_worker_at_a_time_posts_to_a_webhook(posting: Posting, receiver: WebhookReceiver) -> None:
    webhook_id = posting.add(receiver.url())
    posting.tell(60)
    threads = [threading.Thread(target=posting.work().work, args=([webhook_id],)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.requests) == 60
    assert len({request.id for request in receiver.requests}) == 60
    assert receiver.most_at_once["/"] <= 8


def test_what_a_worker_held_that_died_is_posted_when_its_lease_ends(
    posting: Posting, receiver: WebhookReceiver
) -> None:
    webhook_id = posting.add(receiver.url())
    posting.tell(3)
    with posting.database.begin() as connection:
        dead = webhook_posting.claim(connection, webhook_id, lease_seconds=1.0)
        assert dead is not None
        held = webhook_posting.take(connection, dead, 2, lease_seconds=1.0)
        assert held is not None
    posting.work().work([webhook_id])
    assert receiver.requests == []
    assert lanes_of(posting) == (0, 0)
    wait_until(lambda: lanes_of(posting) == (1, 0), seconds=10, what="the lease to end")
    posting.work().work([webhook_id])
    assert len(receiver.requests) == 3
    assert [one.attempts for one in posting.deliveries(webhook_id)] == [1] * 3
    # What the dead one would still say is not heard.
    with pytest.raises(LeaseLost), posting.database.begin() as connection:
        webhook_posting.write(connection, dead, held, [], is_slow=False)
    assert [one.state for one in posting.deliveries(webhook_id)] == ["success"] * 3


def test_what_is_sent_again_meanwhile_is_not_ended_by_an_older_attempt(
    posting: Posting, receiver: WebhookReceiver
) -> None:
    gate = threading.Event()
    receiver.answers["/"] = Answer(waits_for=gate.is_set)
    webhook_id = posting.add(receiver.url())
    posting.tell()
    turn = threading.Thread(target=posting.work().work, args=([webhook_id],))
    turn.start()
    wait_until(lambda: len(receiver.requests) == 1, seconds=5, what="the request")
    posting.change_deliveries(webhook_id, lease_token=None, due_at=Now(3600))
    gate.set()
    turn.join()
    [delivery] = posting.deliveries(webhook_id)
    assert (delivery.state, delivery.attempts) == ("pending", 0)
    assert delivery.wait > 3000


def test_a_worker_that_stops_finishes_what_is_in_flight_and_leaves_the_rest(
    posting: Posting, receiver: WebhookReceiver
) -> None:
    gate = threading.Event()
    receiver.answers["/"] = Answer(waits_for=gate.is_set)
    webhook_id = posting.add(receiver.url())
    posting.tell(20)
    turn = threading.Thread(target=posting.work().work, args=([webhook_id],))
    turn.start()
    wait_until(lambda: len(receiver.requests) == 8, seconds=5, what="the requests")
    posting.stopping.set()
    gate.set()
    turn.join()
    assert len(receiver.requests) == 8
    states = [one.state for one in posting.deliveries(webhook_id)]
    assert (states.count("success"), states.count("pending")) == (8, 12)
    assert lanes_of(posting) == (1, 0)
    posting.change(webhook_id, hinted_at=Now())
    posting.work().work([webhook_id])  # it begins nothing more, and says so
    assert (len(receiver.requests), lanes_of(posting)) == (8, (1, 0))


def test_an_outage_of_the_database_is_waited_out(posting: Posting, receiver: WebhookReceiver, mariadb: MariaDb) -> None:
    gate = threading.Event()
    receiver.answers["/"] = Answer(waits_for=gate.is_set)
    webhook_id = posting.add(receiver.url())
    posting.tell(1)
    turn = threading.Thread(target=posting.work().work, args=([webhook_id],))
    turn.start()
    wait_until(lambda: len(receiver.requests) == 1, seconds=5, what="the request")
    mariadb.stop()
    gate.set()
    mariadb.start()
    turn.join()
    [delivery] = posting.deliveries(webhook_id)
    assert (delivery.state, len(receiver.requests)) == ("success", 1)


def test_an_event_that_was_forgotten_is_not_posted(posting: Posting, receiver: WebhookReceiver) -> None:
    webhook_id = posting.add(receiver.url())
    posting.tell()
    with posting.database.begin() as connection:
        connection.execute(delete(Event))
    posting.work().work([webhook_id])
    [delivery] = posting.deliveries(webhook_id)
    assert (delivery.state, delivery.due_at, receiver.requests) == ("failed", None, [])
    assert posting.attempts(delivery.id) == []


def test_a_secret_that_cannot_be_read_costs_no_attempt(
    posting: Posting, receiver: WebhookReceiver, heard: list[tuple[str, Any]]
) -> None:
    webhook_id = posting.add(receiver.url(), secret="gAAAA-of-another-key")
    posting.tell()
    posting.work().work([webhook_id])
    [delivery] = posting.deliveries(webhook_id)
    assert (delivery.state, delivery.attempts, receiver.requests) == ("pending", 0, [])
    assert delivery.wait > 0
    assert posting.webhook(webhook_id).failing_since is None
    assert "webhook.not_signed" in [name for name, _ in heard]


def test_a_previous_secret_that_cannot_be_read_is_done_without(
    posting: Posting, receiver: WebhookReceiver, heard: list[tuple[str, Any]]
) -> None:
    """The endpoint has the new one, which can: it must not wait for the end of the overlap."""
    new = new_secret()
    webhook_id = posting.add(receiver.url(), secret=seal(new), previous_secret="gAAAA-of-another-key")
    posting.change(webhook_id, previous_secret_ends_at=Now(3600))
    posting.tell()
    posting.work().work([webhook_id])
    [request] = receiver.requests
    verify(new, request)
    assert "webhook.previous_secret_lost" in [name for name, _ in heard]


def test_an_event_that_cannot_be_built_holds_up_no_other(
    posting: Posting, receiver: WebhookReceiver, heard: list[tuple[str, Any]]
) -> None:
    """A fault of ours: it is the first in the line, and would be so for ever."""
    webhook_id = posting.add(receiver.url())
    email = draft(posting.workspace_id, tags=[{"name": "without a value"}])
    store(posting.database, email)
    with posting.database.begin() as connection:
        timelines.append(connection, posting.workspace_id, email.id, [NewEvent("email.delivered", "to@example.com")])
    posting.tell()
    posting.work().work([webhook_id])
    broken, sound = posting.deliveries(webhook_id)
    assert (broken.state, broken.attempts, sound.state) == ("pending", 1, "success")
    assert len(receiver.requests) == 1
    assert "webhook.failed" in [name for name, _ in heard]


def test_when_it_was_sent_is_known_by_the_clock_of_the_database(posting: Posting, receiver: WebhookReceiver) -> None:
    gate = threading.Event()
    receiver.answers["/"] = Answer(waits_for=gate.is_set)
    webhook_id = posting.add(receiver.url())
    posting.tell()
    turn = threading.Thread(target=posting.work().work, args=([webhook_id],))
    turn.start()
    wait_until(lambda: len(receiver.requests) == 1, seconds=5, what="the request")
    with posting.database.read() as connection:
        now = connection.execute(select(Now())).scalar_one()
    gate.wait(0.5)
    gate.set()
    turn.join()
    [attempt] = posting.attempts(posting.deliveries(webhook_id)[0].id)
    assert abs(attempt.sent_at - now) < timedelta(seconds=0.4)
