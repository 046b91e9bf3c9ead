"""``POST /hooks/ses``: what SES tells settles emails."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from loguru import logger
from prometheus_client import REGISTRY

from postroom_api_testing.hooks import ONE, handed_over, id_of, post, stored, take, timeline, unanswered
from postroom_api_testing.running import MAIL, RunningApi
from postroom_database.paging import Slice
from postroom_database.repositories import deliveries, suppressions
from postroom_domain.ids import new_id
from postroom_testing import ses_events
from postroom_testing.ses_messages import AcceptedMail
from postroom_testing.sns import SnsServer

TWO = "two@example.com"
SENT = ("email.sent", None, None)
HARD = {"bounceType": "Permanent", "bounceSubType": "General", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What is logged: names of events with their context and data."""
    kept: list[dict[str, Any]] = []
    number = logger.add(lambda line: kept.append({"event": line.record["message"], **line.record["extra"]}), level=0)
    yield kept
    logger.remove(number)


def count(kind: str, result: str) -> float:
    return REGISTRY.get_sample_value("postroom_provider_events_total", {"type": kind, "result": result}) or 0.0


def last_event(api: RunningApi, mail: AcceptedMail) -> str:
    shown: str = api.request("GET", f"/emails/{id_of(mail)}").json()["last_event"]
    return shown


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("columns", [{}, {"state": "held", "held_because": "unknown"}], ids=["unknown", "held"])
def test_a_send_settles_what_nobody_knew(
    hook_api: RunningApi, sns: SnsServer, version: str, columns: dict[str, Any], lines: list[dict[str, Any]]
) -> None:
    mail = unanswered(hook_api, **columns)
    before = count("send", "accounted")
    assert take(hook_api, sns, ses_events.send(mail), version=version) == "accounted"
    row = stored(hook_api, mail)
    assert (row.state, row.held_because, row.message_id) == ("sent", None, mail.message_id)
    assert last_event(hook_api, mail) == "sent"
    assert count("send", "accounted") == before + 1
    [line] = [line for line in lines if line["event"] == "event.accounted"]
    assert (line["request_id"], line["email_id"]) == (row.request_id, str(row.id))
    assert (line["type"], line["before"], line["after"]) == ("send", columns.get("state", "unknown"), "sent")
    assert ONE not in json.dumps(lines, default=str)


def test_the_whole_story_in_any_order(hook_api: RunningApi, sns: SnsServer) -> None:
    mail = unanswered(hook_api)
    told = [ses_events.delivery(mail), ses_events.delivery_delay(mail), ses_events.send(mail), ses_events.bounce(mail)]
    assert [take(hook_api, sns, text) for text in told] == ["accounted"] * 4
    assert (stored(hook_api, mail).state, last_event(hook_api, mail)) == ("sent", "bounced")
    assert [(kind, address) for kind, address, _ in timeline(hook_api, mail)] == [
        ("email.sent", None),
        ("email.delivered", ONE),
        ("email.delivery_delayed", ONE),
        ("email.bounced", ONE),
    ]


def test_a_part_is_settled_and_the_rest_waits(hook_api: RunningApi, sns: SnsServer) -> None:
    mail = unanswered(hook_api, ONE, TWO)
    take(hook_api, sns, ses_events.delivery(mail, ONE))
    assert (stored(hook_api, mail).state, last_event(hook_api, mail)) == ("unknown", "delivered")
    take(hook_api, sns, ses_events.delivery(mail, "Two@example.com"))
    assert stored(hook_api, mail).state == "sent"


def test_what_a_worker_holds_stays_its_own(hook_api: RunningApi, sns: SnsServer) -> None:
    email_id = UUID(hook_api.send(MAIL | {"to": ONE}).json()["id"])
    with hook_api.database.begin() as connection:
        held = deliveries.claim(connection, email_id, lease_seconds=60)
    assert held is not None
    mail = handed_over(email_id)
    take(hook_api, sns, ses_events.send(mail))
    row = stored(hook_api, mail)
    assert (row.state, row.lease_token, row.last_event) == ("sending", held.token, "sent")


def test_a_replay_has_no_effect(hook_api: RunningApi, sns: SnsServer) -> None:
    mail = unanswered(hook_api)
    message = sns.notification(ses_events.delivery(mail))
    before = count("delivery", "repeated")
    assert [post(hook_api, message).json()["result"] for _ in range(3)] == ["accounted", "repeated", "repeated"]
    assert [kind for kind, _, _ in timeline(hook_api, mail)] == ["email.sent", "email.delivered"]
    assert count("delivery", "repeated") == before + 2


def test_age_alone_refuses_nothing(hook_api: RunningApi, sns: SnsServer) -> None:
    mail = unanswered(hook_api)
    assert take(hook_api, sns, ses_events.send(mail), Timestamp="2012-05-02T00:54:06.655Z") == "accounted"
    assert stored(hook_api, mail).state == "sent"


def test_the_timeline_keeps_the_names_of_ses(hook_api: RunningApi, sns: SnsServer) -> None:
    mail = unanswered(hook_api)
    for told in (ses_events.bounce, ses_events.complaint, ses_events.delivery_delay, ses_events.delivery):
        take(hook_api, sns, told(mail))
    first, *others = timeline(hook_api, mail)
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


def test_hard_bounces_and_complaints_suppress(
    hook_api: RunningApi, sns: SnsServer, lines: list[dict[str, Any]]
) -> None:
    soft, hard, spam = (unanswered(hook_api, f"{name}@example.com") for name in ("soft", "hard", "spam"))
    take(hook_api, sns, ses_events.bounce(soft, kind=ses_events.SOFT_BOUNCE))
    take(hook_api, sns, ses_events.bounce(hard))
    take(hook_api, sns, ses_events.complaint(spam))
    with hook_api.database.read() as connection:
        found, _ = suppressions.page(connection, hook_api.workspace_id, Slice(limit=10))
    assert {(one.address, one.origin.value, one.source_id) for one in found} == {
        ("hard@example.com", "bounce", id_of(hard)),
        ("spam@example.com", "complaint", id_of(spam)),
    }
    added = {line["suppression_id"] for line in lines if line["event"] == "suppression.added"}
    assert added == {str(one.id) for one in found}


def test_a_rejected_email_fails(hook_api: RunningApi, sns: SnsServer) -> None:
    mail = unanswered(hook_api)
    take(hook_api, sns, ses_events.reject(mail))
    assert (stored(hook_api, mail).state, last_event(hook_api, mail)) == ("failed", "failed")
    assert timeline(hook_api, mail) == [("email.failed", ONE, {"reason": "Bad content"})]


@pytest.mark.parametrize(
    ("text", "kind", "result"),
    [
        ("Successfully validated SNS topic for Amazon SES event publishing.", "other", "without_effect"),
        ("[]", "other", "without_effect"),
        ('{"notificationType": "Delivery"}', "other", "without_effect"),
        ('{"eventType": "Opened by a future SES"}', "other", "without_effect"),
        ('{"eventType": "Send"}', "send", "unreadable"),
        ('{"eventType": "Bounce", "mail": {"messageId": "1", "destination": []}}', "bounce", "unreadable"),
        ('{"eventType": "Send", "mail": {"messageId": "", "destination": []}}', "send", "unreadable"),
        ('{"eventType": "Send", "mail": {"messageId": "1", "destination": []}, "send": {}}', "send", "without_effect"),
    ],
)
def test_what_says_nothing_of_ours_is_taken(
    mariadb_hook_api: RunningApi, sns: SnsServer, text: str, kind: str, result: str
) -> None:
    before = count(kind, result)
    assert take(mariadb_hook_api, sns, text) == result
    assert count(kind, result) == before + 1


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("Open", "open"),
        ("Click", "click"),
        ("Rendering Failure", "rendering_failure"),
        ("Subscription", "subscription"),
    ],
)
def test_other_events_have_no_effect_yet(mariadb_hook_api: RunningApi, sns: SnsServer, kind: str, label: str) -> None:
    mail = unanswered(mariadb_hook_api)
    before = count(label, "without_effect")
    assert take(mariadb_hook_api, sns, ses_events.make_event(mail, kind)) == "without_effect"
    assert count(label, "without_effect") == before + 1
    assert (stored(mariadb_hook_api, mail).state, timeline(mariadb_hook_api, mail)) == ("unknown", [])


def test_an_email_of_somebody_else_is_counted(
    mariadb_hook_api: RunningApi, sns: SnsServer, lines: list[dict[str, Any]]
) -> None:
    before = count("send", "unknown_email")
    assert take(mariadb_hook_api, sns, ses_events.send(handed_over(new_id()))) == "unknown_email"
    assert count("send", "unknown_email") == before + 1
    assert [line["result"] for line in lines if line["event"] == "event.left"] == ["unknown_email"]
    foreign = AcceptedMail("m-1", ONE, (ONE,), b"", {"postroom_email_id": "1"}, "postroom")
    assert take(mariadb_hook_api, sns, ses_events.send(foreign)) == "without_effect"


def test_what_was_never_handed_over_is_left(mariadb_hook_api: RunningApi, sns: SnsServer) -> None:
    email_id = UUID(mariadb_hook_api.send(MAIL | {"scheduled_at": "in 1 hour"}).json()["id"])
    mail = handed_over(email_id, "to@example.com")
    assert take(mariadb_hook_api, sns, ses_events.delivery(mail)) == "unexpected"
    assert (stored(mariadb_hook_api, mail).state, last_event(mariadb_hook_api, mail)) == ("scheduled", "scheduled")
