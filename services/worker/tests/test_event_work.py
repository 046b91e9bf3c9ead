"""What SES tells settles emails: from the kept message to the timeline."""

import json
import threading
from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from loguru import logger
from prometheus_client import REGISTRY
from sqlalchemy import select, update

from postroom_database.engine import Database
from postroom_database.models import Email, ProviderMessage
from postroom_database.repositories import deliveries, provider_messages, suppressions, timelines, workspaces
from postroom_database.repositories.deliveries import Outcome, RecipientOutcome
from postroom_database.repositories.erasure_of_mail import erase_from_mail
from postroom_database.repositories.erasure_search import Scope
from postroom_database.repositories.provider_messages import ClaimedMessage
from postroom_database.types import AnyRow
from postroom_domain.ids import new_id
from postroom_domain.persons import Person
from postroom_domain.states import State
from postroom_testing import ses_events
from postroom_testing.drafts import draft, store
from postroom_testing.ses_messages import AcceptedMail
from postroom_worker.event_work import EventWork

ONE, TWO = "one@example.com", "two@example.com"
SENT = ("email.sent", None, None)
HARD = {"bounceType": "Permanent", "bounceSubType": "General", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}


class Bench:
    """A worker's work over a database, and what SES tells."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.work = EventWork(database)
        with database.begin() as connection:
            self.workspace_id = workspaces.add(connection, "one")

    def unanswered(self, *to: str, **columns: Any) -> AcceptedMail:
        """A mail that SES has, and that the worker got no answer for; `columns` of the email are as given."""
        one = draft(self.workspace_id, to=list(to or (ONE,)))
        store(self.database, one)
        with self.database.begin() as connection:
            held = deliveries.claim(connection, one.id, lease_seconds=60)
            assert held is not None
            outcomes = tuple(RecipientOutcome(address, State.UNKNOWN, "no answer") for address in held.recipients)
            deliveries.finish(connection, held, Outcome(State.UNKNOWN, State.QUEUED, None, "no answer", 600, outcomes))
            if columns:
                connection.execute(update(Email).where(Email.id == one.id).values(**columns))
        return handed_over(one.id, *held.recipients)

    def keep(self, text: str, name: str | None = None) -> UUID:
        with self.database.begin() as connection:
            job_id = provider_messages.keep(
                connection, name or str(uuid4()), text, request_id="of-the-hook", hinted=True
            )
        assert job_id is not None
        return job_id

    def tell(self, text: str) -> AnyRow:
        """Keep a message and work on it; what is left of it."""
        job_id = self.keep(text)
        self.work.work([job_id])
        return self.message(job_id)

    def message(self, job_id: UUID) -> AnyRow:
        with self.database.read() as connection:
            return connection.execute(select(ProviderMessage.__table__).where(ProviderMessage.job_id == job_id)).one()

    def email(self, mail: AcceptedMail) -> AnyRow:
        with self.database.read() as connection:
            found = timelines.email(connection, id_of(mail))
        assert found is not None
        return found

    def timeline(self, mail: AcceptedMail) -> list[tuple[str, str | None, Any]]:
        with self.database.read() as connection:
            return [(one.type, one.address, one.data) for one in timelines.events(connection, id_of(mail))]


def handed_over(email_id: UUID, *recipients: str) -> AcceptedMail:
    tags = {"postroom_email_id": str(email_id)}
    return AcceptedMail(f"0102{uuid4().hex}-000000", "from@example.com", recipients or (ONE,), b"", tags, "postroom")


def id_of(mail: AcceptedMail) -> UUID:
    return UUID(mail.tags["postroom_email_id"])


def count(kind: str, result: str) -> float:
    return REGISTRY.get_sample_value("postroom_provider_events_total", {"type": kind, "result": result}) or 0.0


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What is logged: names of events with their context and data."""
    heard: list[dict[str, Any]] = []
    number = logger.add(lambda line: heard.append({"event": line.record["message"], **line.record["extra"]}), level=0)
    yield heard
    logger.remove(number)


@pytest.mark.parametrize("columns", [{}, {"state": "held", "held_because": "unknown"}], ids=["unknown", "held"])
def test_a_send_settles_what_nobody_knew(bench: Bench, columns: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    mail = bench.unanswered(**columns)
    before = count("send", "accounted")
    left = bench.tell(ses_events.send(mail))
    assert (left.result, left.body, left.due_at, left.lease_token) == ("accounted", None, None, None)
    row = bench.email(mail)
    assert (row.state, row.held_because, row.message_id, row.last_event) == ("sent", None, mail.message_id, "sent")
    assert count("send", "accounted") == before + 1
    [line] = [line for line in lines if line["event"] == "event.accounted"]
    assert (line["request_id"], line["email_id"]) == (row.request_id, str(row.id))
    assert (line["type"], line["before"], line["after"]) == ("send", columns.get("state", "unknown"), "sent")
    assert ONE not in json.dumps(lines, default=str)


def test_the_whole_story_in_any_order(bench: Bench) -> None:
    mail = bench.unanswered()
    told = [ses_events.delivery(mail), ses_events.delivery_delay(mail), ses_events.send(mail), ses_events.bounce(mail)]
    bench.work.work([bench.keep(text) for text in told])
    assert (bench.email(mail).state, bench.email(mail).last_event) == ("sent", "bounced")
    assert [(kind, address) for kind, address, _ in bench.timeline(mail)] == [
        ("email.sent", None),
        ("email.delivered", ONE),
        ("email.delivery_delayed", ONE),
        ("email.bounced", ONE),
    ]


def test_a_bounce_of_one_who_was_erased_is_nobody_elses(bench: Bench) -> None:
    mail = bench.unanswered(ONE, TWO)
    bench.tell(ses_events.send(mail))
    with bench.database.begin() as connection:
        erase_from_mail(connection, Scope(Person(ONE), None), [id_of(mail)])
    assert bench.tell(ses_events.bounce(mail, ONE)).result == "accounted"
    assert bench.tell(ses_events.make_event(mail, "Open", open={"ipAddress": "192.0.2.1"})).result == "accounted"
    assert bench.email(mail).last_event == "sent"
    assert [(kind, address) for kind, address, _ in bench.timeline(mail)] == [
        ("email.sent", None),
        ("email.opened", None),
    ]
    with bench.database.read() as connection:
        assert suppressions.get(connection, bench.workspace_id, TWO) is None


def test_a_part_is_settled_and_the_rest_waits(bench: Bench) -> None:
    mail = bench.unanswered(ONE, TWO)
    bench.tell(ses_events.delivery(mail, ONE))
    assert (bench.email(mail).state, bench.email(mail).last_event) == ("unknown", "delivered")
    bench.tell(ses_events.delivery(mail, "Two@example.com"))
    assert bench.email(mail).state == "sent"


def test_the_timeline_keeps_the_names_of_ses(bench: Bench) -> None:
    mail = bench.unanswered()
    for told in (ses_events.bounce, ses_events.complaint, ses_events.delivery_delay, ses_events.delivery):
        bench.tell(told(mail))
    first, *others = bench.timeline(mail)
    assert first == SENT
    assert all(data.pop("timestamp") for _, _, data in others)
    assert all(address == ONE for _, address, _ in others)
    assert others[2][2].pop("expirationTime")
    assert {kind: data for kind, _, data in others} == {
        "email.bounced": HARD,
        "email.complained": {"complaintFeedbackType": "abuse"},
        "email.delivery_delayed": {"delayType": "MailboxFull", "diagnosticCode": "smtp; 452 4.2.2 mailbox full"},
        "email.delivered": {"smtpResponse": "250 2.6.0 Message received"},
    }


@pytest.mark.parametrize(
    ("told", "kind", "label", "part"),
    [
        (ses_events.open_, "email.opened", "open", "open"),
        (ses_events.click, "email.clicked", "click", "click"),
        (ses_events.rendering_failure, "email.rendering_failed", "rendering_failure", "failure"),
        (ses_events.subscription, "email.subscription_changed", "subscription", "subscription"),
    ],
)
def test_what_moves_no_recipient_is_in_the_timeline(
    bench: Bench, told: Any, kind: str, label: str, part: str, lines: list[dict[str, Any]]
) -> None:
    """With all that SES says of it, its own moment included."""
    mail = bench.unanswered()
    bench.tell(ses_events.delivery(mail))
    before, stood = count(label, "accounted"), bench.email(mail)
    text = told(mail)
    assert bench.tell(text).result == "accounted"
    assert count(label, "accounted") == before + 1
    assert bench.email(mail) == stood
    assert bench.timeline(mail)[-1] == (kind, ONE, json.loads(text)[part])
    line = [line for line in lines if line["event"] == "event.accounted"][-1]
    assert (line["request_id"], line["type"]) == (stood.request_id, label)


def test_hard_bounces_and_complaints_suppress(bench: Bench, lines: list[dict[str, Any]]) -> None:
    soft, hard, spam = (bench.unanswered(f"{name}@example.com") for name in ("soft", "hard", "spam"))
    bench.tell(ses_events.bounce(soft, kind=ses_events.SOFT_BOUNCE))
    bench.tell(ses_events.bounce(hard))
    bench.tell(ses_events.complaint(spam))
    names = [f"{name}@example.com" for name in ("soft", "hard", "spam")]
    with bench.database.read() as connection:
        found = suppressions.find(connection, bench.workspace_id, names)
    assert {(one.address, one.origin.value, one.source_id) for one in found} == {
        ("hard@example.com", "bounce", id_of(hard)),
        ("spam@example.com", "complaint", id_of(spam)),
    }
    added = {line["suppression_id"] for line in lines if line["event"] == "suppression.added"}
    assert added == {str(one.id) for one in found}


def test_a_rejected_email_fails(bench: Bench) -> None:
    mail = bench.unanswered()
    bench.tell(ses_events.reject(mail))
    assert (bench.email(mail).state, bench.email(mail).last_event) == ("failed", "failed")
    assert bench.timeline(mail) == [("email.failed", ONE, {"reason": "Bad content"})]


@pytest.mark.parametrize(
    ("text", "kind", "result"),
    [
        ("Successfully validated SNS topic for Amazon SES event publishing.", "other", "without_effect"),
        ("[]", "other", "without_effect"),
        ("[" * 5000, "other", "without_effect"),
        ('{"notificationType": "Delivery"}', "other", "without_effect"),
        ('{"eventType": "Opened by a future SES"}', "other", "without_effect"),
        ('{"eventType": "Send", "mail": {"messageId": "1", "destination": []}, "send": {}}', "send", "without_effect"),
        ('{"eventType": "Send"}', "send", "unreadable"),
        ('{"eventType": "Bounce", "mail": {"messageId": "1", "destination": []}}', "bounce", "unreadable"),
        ('{"eventType": "Click", "mail": {"messageId": "1", "destination": []}}', "click", "unreadable"),
        ('{"eventType": "Send", "mail": {"messageId": "", "destination": []}}', "send", "unreadable"),
        ('{"eventType": "Send", "x": ' + "[" * 5000 + "}", "other", "unreadable"),
        ('{"eventType": "Bounce", "mail": {"messageId": "1"', "other", "unreadable"),
        ('{"eventType": "Bounce", "x": "\\ud83d", "y": ' + "[" * 5000 + "}", "other", "unreadable"),
    ],
    ids=range(13),
)
def test_what_cannot_be_read_is_kept_and_what_is_not_ours_is_not(
    bench: Bench, text: str, kind: str, result: str
) -> None:
    before = count(kind, result)
    left = bench.tell(text)
    assert (left.result, left.body, left.due_at) == (result, text if result == "unreadable" else None, None)
    assert count(kind, result) == before + 1


def test_half_a_character_loses_no_event(bench: Bench) -> None:
    """JSON can name one half of a surrogate pair: what is left where a subject or a user agent was cut."""
    bounced, clicked = bench.unanswered(), bench.unanswered()
    bounce, click = json.loads(ses_events.bounce(bounced)), json.loads(ses_events.click(clicked))
    bounce["mail"]["commonHeaders"]["subject"] = "a whole \U0001f600, and half: \ud83d"
    click["click"]["userAgent"] = "\\ud83d, \U0001f600, and half: \ud83d"
    for event in (bounce, click):
        assert bench.tell(json.dumps(event)).result == "accounted"
    assert bench.email(bounced).last_event == "bounced"
    assert bench.timeline(clicked)[-1][2]["userAgent"] == "\\ud83d, \U0001f600, and half: ?"


def test_what_matches_no_email_is_kept_and_counted_and_counts_once_there_is_one(
    bench: Bench, lines: list[dict[str, Any]]
) -> None:
    one = draft(bench.workspace_id, to=[ONE])
    text = ses_events.delivery(handed_over(one.id))
    before = count("delivery", "unmatched")
    left = bench.tell(text)
    assert (left.result, left.body, left.due_at) == ("unmatched", text, None)
    assert count("delivery", "unmatched") == before + 1
    [line] = [line for line in lines if line["event"] == "event.kept"]
    assert (line["result"], line["request_id"], line["job_id"]) == ("unmatched", "of-the-hook", str(left.job_id))
    bench.work.work([left.job_id])
    assert bench.message(left.job_id) == left
    store(bench.database, one)
    with bench.database.begin() as connection:
        assert provider_messages.retry(connection, left.job_id)
    bench.work.work([left.job_id])
    assert bench.message(left.job_id).result == "accounted"
    assert bench.email(handed_over(one.id)).last_event == "delivered"


def test_a_tag_of_somebody_else_is_not_ours(bench: Bench) -> None:
    foreign = AcceptedMail("m-1", ONE, (ONE,), b"", {"postroom_email_id": "1"}, "postroom")
    assert bench.tell(ses_events.send(foreign)).result == "without_effect"


def test_what_was_never_handed_over_is_kept(bench: Bench) -> None:
    mail = bench.unanswered(state="scheduled", last_event="scheduled")
    left = bench.tell(ses_events.delivery(mail))
    assert (left.result, left.body is None) == ("unexpected", False)
    assert (bench.email(mail).state, bench.email(mail).last_event) == ("scheduled", "scheduled")


def test_however_often_it_is_hinted_it_counts_once(bench: Bench) -> None:
    mails = [bench.unanswered() for _ in range(10)]
    ids = [bench.keep(ses_events.delivery(mail)) for mail in mails]
    threads = [threading.Thread(target=bench.work.work, args=(ids[part:] + ids[:part],)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bench.work.work([*ids, new_id()])
    for mail in mails:
        assert [kind for kind, _, _ in bench.timeline(mail)] == ["email.sent", "email.delivered"]


def test_a_fault_of_ours_neither_loses_the_message_nor_holds_up_its_neighbours(
    bench: Bench, lines: list[dict[str, Any]]
) -> None:
    bad, good = bench.unanswered(), bench.unanswered()
    with bench.database.begin() as connection:
        connection.execute(update(Email).where(Email.id == id_of(bad)).values(state="no state"))
    ids = [bench.keep(ses_events.delivery(mail)) for mail in (bad, good)]
    bench.work.work(ids)
    assert bench.email(good).last_event == "delivered"
    left = bench.message(ids[0])
    assert (left.result, left.body is None, left.attempts, left.lease_token) == (None, False, 1, None)
    assert left.due_at is not None
    assert [line["event"] for line in lines if line["event"] == "event.failed"] == ["event.failed"]


def test_what_a_stopping_worker_leaves_is_hinted_again(bench: Bench) -> None:
    job_id = bench.keep(ses_events.send(bench.unanswered()))
    bench.work.leave([job_id])
    with bench.database.read() as connection:
        found = provider_messages.missing_hints(connection, older_than_seconds=60, limit=10)
    assert [one.id for one in found] == [job_id]


def test_a_round_that_ends_early_leaves_no_lease_counted_as_held(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [ClaimedMessage(new_id(), uuid4(), "{}", None, 1) for _ in range(3)]
    written: list[str] = []

    def write_one(*_: Any, **__: Any) -> None:
        if written:
            raise KeyboardInterrupt
        written.append("one")

    monkeypatch.setattr("postroom_worker.event_work.write", lambda *_: messages)
    monkeypatch.setattr("postroom_worker.event_work.write_while_held", write_one)
    labels = {"kind": "provider_message"}
    before = REGISTRY.get_sample_value("postroom_leases_held", labels) or 0.0
    with pytest.raises(KeyboardInterrupt):
        EventWork(cast("Database", None)).work([one.id for one in messages])
    assert written == ["one"]
    assert REGISTRY.get_sample_value("postroom_leases_held", labels) == before
