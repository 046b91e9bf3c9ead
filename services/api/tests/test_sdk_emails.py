"""Emails through the PyPI SDK."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import resend
from resend.exceptions import (
    InvalidApiKeyError,
    MissingRequiredFieldsError,
    RateLimitError,
    ResendError,
    ValidationError,
)

from postroom_api_testing.proofs import proves
from postroom_api_testing.running import MAIL, TERMS, RunningApi

SCHEDULED = MAIL | {"scheduled_at": "in 1 hour"}


def point_at(api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resend, "api_url", f"http://127.0.0.1:{api.port}")
    monkeypatch.setattr(resend, "api_key", api.token)


@pytest.fixture
def sdk(shared_api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> Any:
    point_at(shared_api, monkeypatch)
    return resend.Emails


@proves("POST /emails", "GET /emails/{id}")
def test_an_email_is_sent_and_read_back(sdk: Any) -> None:
    tags = [{"name": "kind", "value": "receipt"}]
    sent = sdk.send(MAIL | {"cc": ["c@example.com"], "reply_to": "r@example.com", "tags": tags})
    read = sdk.get(sent["id"])
    assert (read["object"], read["id"], read["last_event"]) == ("email", sent["id"], "queued")
    assert (read["from"], read["to"], read["subject"]) == (MAIL["from"], [MAIL["to"]], MAIL["subject"])
    assert (read["cc"], read["bcc"], read["reply_to"]) == (["c@example.com"], None, ["r@example.com"])
    assert (read["html"], read["text"], read["tags"]) == (MAIL["html"], MAIL["text"], tags)


def test_a_repetition_with_an_idempotency_key_is_the_same_email(sdk: Any) -> None:
    options = {"idempotency_key": "order-17"}
    first = sdk.send(MAIL, options)
    assert sdk.send(MAIL, options)["id"] == first["id"]
    with pytest.raises(ResendError) as refused:
        sdk.send(MAIL | {"subject": "other"}, options)
    assert (refused.value.code, refused.value.error_type) == (409, "invalid_idempotent_request")


@proves("GET /emails")
def test_emails_are_listed_in_pages(sdk: Any) -> None:
    sent = [sdk.send(MAIL)["id"] for _ in range(3)][::-1]
    first = sdk.list({"limit": 2})
    assert [email["id"] for email in first["data"]] == sent[:2]
    assert (first["object"], first["has_more"]) == ("list", True)
    second = sdk.list({"limit": 1, "after": sent[1]})
    assert [email["id"] for email in second["data"]] == sent[2:]
    back = sdk.list({"limit": 1, "before": sent[1]})
    assert [email["id"] for email in back["data"]] == sent[:1]


@proves("PATCH /emails/{id}")
def test_a_scheduled_email_is_moved(sdk: Any) -> None:
    email_id = sdk.send(SCHEDULED)["id"]
    before = sdk.get(email_id)["scheduled_at"]
    moved = sdk.update({"id": email_id, "scheduled_at": "in 3 hours"})
    assert (moved["object"], moved["id"]) == ("email", email_id)
    assert sdk.get(email_id)["scheduled_at"] > before


@proves("POST /emails/{id}/cancel")
def test_a_scheduled_email_is_canceled(sdk: Any) -> None:
    email_id = sdk.send(SCHEDULED)["id"]
    canceled = sdk.cancel(email_id)
    assert (canceled["object"], canceled["id"]) == ("email", email_id)
    assert sdk.get(email_id)["last_event"] == "canceled"
    with pytest.raises(ValidationError):
        sdk.cancel(email_id)


@proves("POST /emails/batch")
def test_a_batch_is_sent_strictly_and_permissively(sdk: Any) -> None:
    batch = [MAIL | {"subject": f"batch {number}"} for number in range(3)]
    sent = resend.Batch.send(batch)  # type: ignore[arg-type]  # plain dicts
    assert [sdk.get(email["id"])["subject"] for email in sent["data"]] == ["batch 0", "batch 1", "batch 2"]
    bad = [batch[0], MAIL | {"to": "nobody"}]
    with pytest.raises(ValidationError, match="Email 1 of the batch"):
        resend.Batch.send(bad)  # type: ignore[arg-type]  # likewise
    some = resend.Batch.send(bad, {"batch_validation": "permissive"})  # type: ignore[arg-type]  # likewise
    assert len(some["data"]) == 1
    assert [error["index"] for error in some["errors"]] == [1]


def test_a_wrong_field_is_a_validation_error(sdk: Any) -> None:
    with pytest.raises(ValidationError, match="`to`"):
        sdk.send(MAIL | {"to": "nobody"})
    with pytest.raises(MissingRequiredFieldsError, match="`subject`"):
        sdk.send({name: value for name, value in MAIL.items() if name != "subject"})


def test_a_wrong_key_and_an_unknown_id_are_told_apart(sdk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ResendError) as unknown:
        sdk.get("01a20000-0000-7000-8000-000000000000")
    assert (unknown.value.code, unknown.value.error_type) == (404, "not_found")
    monkeypatch.setattr(resend, "api_key", "re_unknown")
    with pytest.raises(InvalidApiKeyError):
        sdk.send(MAIL)


@pytest.fixture
def limited_sdk(mariadb_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with RunningApi(mariadb_url, redis_url, terms=replace(TERMS, requests_per_second=1)) as api:
        point_at(api, monkeypatch)
        yield resend.Emails


def test_too_many_requests_say_when_to_come_back(limited_sdk: Any) -> None:
    def send_often() -> None:
        for _ in range(5):
            limited_sdk.send(MAIL)

    with pytest.raises(RateLimitError) as refused:
        send_often()
    headers = {name.lower(): value for name, value in (refused.value.headers or {}).items()}
    assert (headers["retry-after"], headers["ratelimit-limit"], headers["ratelimit-remaining"]) == ("1", "1", "0")
