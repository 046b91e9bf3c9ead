"""What a transport says, what the provider tells meanwhile, what a crash leaves: nothing is lost or doubled by it."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from postroom_database.engine import Database
from postroom_database.models import Email, Recipient
from postroom_database.repositories import sweeps, timelines
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import Now
from postroom_domain.unknowns import UnknownRules
from postroom_testing.drafts import draft, store
from postroom_testing.ses import SesServer
from postroom_testing.ses_messages import Behaviour
from postroom_testing.smtp import SmtpServer
from postroom_transport.factory import open_transport
from postroom_transport.message import Message, Result, Transport
from postroom_worker_testing.deliverer import CALL_SECONDS, Deliverer, make_due

RESEND = UnknownRules(hold=False, max_crashes=3, max_resends=3)


@pytest.fixture
def deliverer(database: Database, ses: SesServer) -> Iterator[Deliverer]:
    transport = open_transport(ses.mail_url(), timeout_seconds=CALL_SECONDS, inbox_store=None)
    yield Deliverer(database, transport)
    transport.close()


def change(database: Database, email_id: Any, **values: Any) -> None:
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == email_id).values(**values))


def tell(database: Database, email_id: Any, **states: str) -> None:
    """What the provider's events write while a worker holds the email."""
    with database.begin() as connection:
        email = connection.execute(select(Email.workspace_id).where(Email.id == email_id).with_for_update()).one()
        rows = [{"email_id": email_id, "address": f"{a}@example.com", "state": state} for a, state in states.items()]
        connection.execute(insert(Recipient), rows)
        connection.execute(
            update(Email).where(Email.id == email_id).values(last_event=max(states.values()), message_id="told")
        )
        timelines.append(connection, email.workspace_id, email_id, [NewEvent("email.sent")])


@pytest.mark.parametrize("behaviour", [Behaviour.THROTTLE, Behaviour.PAUSED, Behaviour.SUSPENDED, Behaviour.NOT_FOUND])
def test_what_is_about_the_account_parks_mail_of_any_age_and_says_so_once(
    deliverer: Deliverer, ses: SesServer, behaviour: Behaviour
) -> None:
    one = draft()
    store(deliverer.database, one)
    ses.always(behaviour)
    delivery = deliverer.make()
    for _ in range(3):
        delivery.deliver(one.id)
        make_due(deliverer.database, one.id)
        change(deliverer.database, one.id, first_tried_at=Now(-1_000_000))
    row = deliverer.row(one.id)
    assert (row.state, row.last_event, row.attempts, row.unknowns) == ("queued", "queued", 3, 0)
    with deliverer.database.read() as connection:
        [event] = timelines.events(connection, one.id)
    assert event.type == "email.parked"
    assert event.data["reason"] == row.reason
    assert abs(datetime.fromisoformat(event.data["until"]) - event.created_at) < timedelta(seconds=30)


def test_the_age_counts_from_the_first_attempt(deliverer: Deliverer, ses: SesServer) -> None:
    one = draft()
    store(deliverer.database, one)
    change(deliverer.database, one.id, created_at=Now(-1_000_000))
    ses.always(Behaviour.FAIL)
    deliverer.make().deliver(one.id)
    assert deliverer.row(one.id).state == "queued", "what waited long for its turn has all its attempts before it"
    change(deliverer.database, one.id, due_at=Now(-1), first_tried_at=Now(-3601))
    deliverer.make().deliver(one.id)
    row = deliverer.row(one.id)
    assert (row.state, row.last_event) == ("failed", "failed")
    assert row.reason.startswith("gave up: InternalFailure")


class Telling:
    """A transport during whose call the provider's own event comes in.

    Args:
        over: does the work.
        tell: writes what the event says.
    """

    name = "telling"
    max_bytes = 10**9
    settles = True

    def __init__(self, over: Transport, tell: Any) -> None:
        self._over = over
        self._tell = tell

    def send(self, message: Message) -> Result:
        result = self._over.send(message)
        self._tell()
        return result

    def check(self) -> str:
        return ""

    def close(self) -> None:
        pass


@pytest.mark.parametrize("behaviour", [Behaviour.ACCEPT, Behaviour.HANG_AFTER, Behaviour.FAIL])
def test_an_event_that_is_here_before_the_answer_is_not_overwritten(
    deliverer: Deliverer, ses: SesServer, behaviour: Behaviour
) -> None:
    one = draft(to=["a@example.com"])
    store(deliverer.database, one)
    ses.script(behaviour)
    telling = Telling(deliverer.transport, lambda: tell(deliverer.database, one.id, a="delivered"))
    Deliverer(deliverer.database, telling).make().deliver(one.id)
    row = deliverer.row(one.id)
    assert (row.state, row.last_event) == ("sent", "delivered")
    assert deliverer.states(one.id) == {"a@example.com": "delivered"}
    assert deliverer.events(one.id) == [("email.sent", None)]
    assert row.message_id in {"told", *(mail.message_id for mail in ses.mails)}


def test_an_event_about_some_recipients_leaves_the_others_to_be_sent_to(deliverer: Deliverer, ses: SesServer) -> None:
    one = draft(to=["a@example.com", "b@example.com"])
    store(deliverer.database, one)
    ses.script(Behaviour.HANG)
    telling = Telling(deliverer.transport, lambda: tell(deliverer.database, one.id, a="sent"))
    Deliverer(deliverer.database, telling).make().deliver(one.id)
    assert (deliverer.row(one.id).state, deliverer.row(one.id).last_event) == ("unknown", "sent")
    assert deliverer.states(one.id) == {"a@example.com": "sent", "b@example.com": "unknown"}
    change(deliverer.database, one.id, due_at=Now(-1))
    with deliverer.database.begin() as connection:
        sweeps.end_unknown(connection, one.id, RESEND)
    deliverer.make().deliver(one.id)
    assert [mail.recipients for mail in ses.mails] == [("b@example.com",)]
    assert deliverer.row(one.id).state == "sent"


def test_an_email_of_unknown_outcome_is_not_sent_again_without_end(deliverer: Deliverer, ses: SesServer) -> None:
    one = draft()
    store(deliverer.database, one)
    ses.always(Behaviour.DROP_AFTER)
    delivery = deliverer.make()
    for _ in range(10):
        delivery.deliver(one.id)
        change(deliverer.database, one.id, due_at=Now(-1))
        with deliverer.database.begin() as connection:
            sweeps.end_unknown(connection, one.id, RESEND)
    row = deliverer.row(one.id)
    assert (row.state, row.held_because, row.unknowns) == ("held", "unknown", 4)
    assert len(ses.mails) == 1 + RESEND.max_resends


def test_a_known_outcome_forgets_the_crashes_before_it(deliverer: Deliverer, ses: SesServer) -> None:
    one = draft()
    store(deliverer.database, one)
    change(deliverer.database, one.id, crashes=2, unknowns=3)
    ses.script(Behaviour.FAIL)
    deliverer.make().deliver(one.id)
    assert (deliverer.row(one.id).crashes, deliverer.row(one.id).unknowns) == (0, 0)


def test_a_suspect_is_delivered_alone_and_by_nobody_else(deliverer: Deliverer, ses: SesServer) -> None:
    slow, suspect = draft(), draft()
    store(deliverer.database, slow, suspect)
    change(deliverer.database, suspect.id, state="suspect", crashes=1)
    delivery = deliverer.make()
    delivery.deliver(suspect.id)
    assert ses.mails == []
    ses.latency_seconds = 0.4
    thread = threading.Thread(target=delivery.deliver, args=(slow.id,))
    thread.start()
    while ses.count_sends() == 0:
        assert thread.is_alive()
    ses.latency_seconds = 0  # in company it would be there first
    delivery.deliver_alone(suspect.id)
    thread.join()
    assert [mail.tags["postroom_email_id"] for mail in ses.mails] == [str(slow.id), str(suspect.id)]
    row = deliverer.row(suspect.id)
    assert (row.state, row.crashes) == ("sent", 0)
    assert deliverer.row(slow.id).state == "sent"


def test_recipients_that_a_mail_server_took_are_never_sent_to_again(
    database: Database, smtp_server: SmtpServer
) -> None:
    transport = open_transport(smtp_server.mail_url(), timeout_seconds=CALL_SECONDS, inbox_store=None)
    deliverer = Deliverer(database, transport)
    one = draft(to=["a@example.com", "later@example.com", "never@example.com"])
    store(database, one)
    smtp_server.replies |= {"later@example.com": "451 4.7.1 try later", "never@example.com": "550 5.1.1 no such user"}
    deliverer.make().deliver(one.id)
    smtp_server.replies.clear()
    for _ in range(3):
        make_due(database, one.id)
        deliverer.make().deliver(one.id)
    transport.close()
    assert [mail.recipients for mail in smtp_server.mails] == [("a@example.com",), ("later@example.com",)]
    assert deliverer.states(one.id) == {
        "a@example.com": "sent",
        "later@example.com": "sent",
        "never@example.com": "failed",
    }


def test_a_row_that_somebody_else_holds_for_a_while_is_claimed_all_the_same(
    deliverer: Deliverer, ses: SesServer
) -> None:
    one = draft()
    store(deliverer.database, one)
    impatient = Database(deliverer.database.engine.url.render_as_string(hide_password=False), timeout_seconds=2)
    with deliverer.database.begin() as connection:
        connection.execute(select(Email.id).where(Email.id == one.id).with_for_update())
        thread = threading.Thread(target=Deliverer(impatient, deliverer.transport).make().deliver, args=(one.id,))
        thread.start()
        thread.join(1.5)  # longer than it waits for a lock
    thread.join(10)
    impatient.close()
    assert deliverer.row(one.id).state == "sent"
    assert len(ses.mails) == 1
