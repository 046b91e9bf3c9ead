"""Shapes from Resend's documents; what django-anymail reads is read here as it does."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from postroom_domain.webhook_payloads import ToldEmail, ToldEvent, build

HAPPENED_AT = datetime(2026, 11, 22, 23, 41, 12, 126_000, UTC)
SENT_AT = datetime(2026, 11, 22, 23, 41, 11, 894_719, UTC)
EMAIL_ID = UUID("01934e1c-5b1e-7b9e-9d3d-1f2e3a4b5c6d")
EMAIL = ToldEmail(
    message_id="0100-000000",
    created_at=SENT_AT,
    sender="Sender <from@example.com>",
    to=["To <one@example.com>", "two@example.com"],
    subject="Hello 世界",
)
BOUNCE = {
    "bounceType": "Permanent",
    "bounceSubType": "General",
    "timestamp": "2026-11-22T23:41:12.000Z",
    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
}
CLICK = {
    "ipAddress": "192.0.2.1",
    "link": "https://example.com/a?b=c",
    "linkTags": {"campaign": ["one"]},
    "timestamp": "2026-11-22T23:41:12.000Z",
    "userAgent": "Browser/1.0",
}


def told(type_: str, data: dict[str, Any] | None = None, address: str | None = "one@example.com") -> ToldEvent:
    return ToldEvent(type_, HAPPENED_AT, EMAIL_ID, address, data)


def test_of_an_email_it_tells_what_resend_tells() -> None:
    assert build(told("email.delivered", {"smtpResponse": "250 ok", "timestamp": "t"}), EMAIL) == {
        "type": "email.delivered",
        "created_at": "2026-11-22T23:41:12.126000+00:00",
        "data": {
            "email_id": str(EMAIL_ID),
            "message_id": "0100-000000",
            "created_at": "2026-11-22T23:41:11.894719+00:00",
            "from": "Sender <from@example.com>",
            "to": ["To <one@example.com>", "two@example.com"],
            "subject": "Hello 世界",
            "recipient": "one@example.com",
        },
    }


def test_what_is_not_known_is_left_out() -> None:
    email = ToldEmail(None, SENT_AT, "from@example.com", ["one@example.com"], "", headers={}, tags=[])
    data = build(told("email.scheduled", address=None), email)["data"]
    assert set(data) == {"email_id", "created_at", "from", "to", "subject"}


def test_headers_are_a_list_and_tags_an_object() -> None:
    headers = {"X-Tags": '["one", "two"]', "X-Metadata": '{"order": 5}'}
    tags = [{"name": "category", "value": "welcome"}, {"name": "team", "value": "blue"}]
    email = ToldEmail(None, SENT_AT, "from@example.com", ["one@example.com"], "", headers, tags)
    data = build(told("email.sent", address=None), email)["data"]
    assert data["tags"] == {"category": "welcome", "team": "blue"}
    assert data["headers"] == [{"name": name, "value": value} for name, value in headers.items()]


@pytest.mark.parametrize(
    ("type_", "data", "part"),
    [
        (
            "email.clicked",
            CLICK,
            {"click": {name: value for name, value in CLICK.items() if name != "linkTags"}},
        ),
        (
            "email.opened",
            {"ipAddress": "192.0.2.1", "timestamp": "t", "userAgent": "Browser/1.0"},
            {"open": {"ipAddress": "192.0.2.1", "timestamp": "t", "userAgent": "Browser/1.0"}},
        ),
        ("email.failed", {"reason": "rejected"}, {"failed": {"reason": "rejected"}}),
        ("email.failed", {"reason": None}, {"failed": {}}),
        (
            "email.suppressed",
            {"message": "m", "type": "OnAccountSuppressionList", "reason": "previous_bounce"},
            {"suppressed": {"message": "m", "type": "OnAccountSuppressionList", "reason": "previous_bounce"}},
        ),
        ("email.rendering_failed", {"errorMessage": "m"}, {"rendering_failure": {"errorMessage": "m"}}),
        ("email.subscription_changed", {"source": "s"}, {"subscription": {"source": "s"}}),
        ("email.complained", {"complaintFeedbackType": "abuse"}, {}),
        ("email.delivery_delayed", {"delayType": "MailboxFull"}, {}),
    ],
)
def test_some_types_have_a_part_of_their_own(type_: str, data: dict[str, Any], part: dict[str, Any]) -> None:
    plain = build(told("email.delivered"), EMAIL)["data"]
    assert build(told(type_, data), EMAIL)["data"] == plain | part


def test_a_bounce_keeps_the_names_of_ses() -> None:
    bounce = build(told("email.bounced", BOUNCE), EMAIL)["data"]["bounce"]
    assert bounce.pop("message")
    assert bounce == {
        "type": "Permanent",
        "subType": "General",
        "diagnosticCode": ["smtp; 550 5.1.1 user unknown"],
    }


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (BOUNCE, "bounce message"),
        ({"bounceType": "Transient", "bounceSubType": "MailboxFull"}, "bounce message"),
        ({"bounceType": "Undetermined", "bounceSubType": "Undetermined"}, "bounce message"),
        (None, "bounce message"),
        ({"bounceType": "Permanent", "bounceSubType": "Suppressed"}, "suppressed sending"),
        ({"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList"}, "suppressed sending"),
    ],
)
def test_a_bounce_says_why_in_the_words_that_anymail_looks_for(data: dict[str, Any] | None, words: str) -> None:
    bounce = build(told("email.bounced", data), EMAIL)["data"]["bounce"]
    assert [found for found in ("bounce message", "suppressed sending") if found in bounce["message"]] == [words]
    assert {"message", "type", "subType"} <= set(bounce)


def test_of_an_email_that_was_forgotten_it_tells_which() -> None:
    data = build(told("email.failed", {"reason": "rejected"}), None)["data"]
    assert data == {"email_id": str(EMAIL_ID), "recipient": "one@example.com", "failed": {"reason": "rejected"}}


@pytest.mark.parametrize("data", [{"object": "domain", "id": "1", "name": "example.com"}, None])
def test_of_another_resource_it_tells_the_data_as_it_is(data: dict[str, Any] | None) -> None:
    payload = build(ToldEvent("domain.created", HAPPENED_AT, data=data), None)
    assert payload == {
        "type": "domain.created",
        "created_at": "2026-11-22T23:41:12.126000+00:00",
        "data": data or {},
    }
    json.dumps(payload)
