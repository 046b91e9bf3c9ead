"""Bodies that are no JSON, or not the JSON that an endpoint takes."""

import json
from typing import Any

import pytest

from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL, RunningApi

MAIL_TEXT = json.dumps(MAIL)


@pytest.mark.parametrize("path", ["/emails", "/emails/batch"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"not JSON",
        MAIL_TEXT[:-1].encode(),
        MAIL_TEXT[:20].encode(),
        MAIL_TEXT.encode() + b"x",
        b"\xff\xfe",
        b"\xef\xbb\xbf" + MAIL_TEXT.encode(),
        MAIL_TEXT.encode("utf-16"),
        MAIL_TEXT.replace("Hello", "\xe9").encode("latin-1"),
        b'{"subject": NaN}',
        b"{'from': 1}",
        b'{"unknown":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"attachments":[{"content":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
    ],
    ids=range(14),
)
def test_what_is_no_json_is_refused(refusing_api: RunningApi, path: str, body: bytes) -> None:
    if path == "/emails/batch" and body.strip():
        body = b"[" + body + b"]"
    message = expect_refusal(refusing_api.request("POST", path, body), 400, "validation_error")
    assert "The request body is" in message


@pytest.mark.parametrize(
    "field",
    ["from", "to", "cc", "bcc", "reply_to", "subject", "html", "text", "scheduled_at", "topic_id", "unknown"],
)
def test_half_a_surrogate_pair_is_refused(refusing_api: RunningApi, field: str) -> None:
    for half in ("\ud800", "\udc00", "a\ud83d b"):
        expect_refusal(refusing_api.send(MAIL | {field: half}), 400, "validation_error")


@pytest.mark.parametrize(
    "more",
    [
        {"headers": {"X-A": "\ud800"}},
        {"headers": {"\ud800": "a"}},
        {"tags": [{"name": "\ud800", "value": "a"}]},
        {"attachments": [{"filename": "\ud800", "content": ""}]},
        {"attachments": [{"filename": "a", "content": "\ud800"}]},
        {"attachments": [{"filename": "a", "path": "https://example.com/\ud800"}]},
    ],
)
def test_half_a_surrogate_pair_is_refused_inside_of_fields(refusing_api: RunningApi, more: dict[str, Any]) -> None:
    expect_refusal(refusing_api.send(MAIL | more), 400, "validation_error")


def test_content_that_is_no_utf8_is_refused(refusing_api: RunningApi) -> None:
    for content in (b"\xff", b"\\/\xff", b"BEGIN:VCALENDAR\\n\xff"):
        body = (
            MAIL_TEXT[:-1].encode() + b',"attachments":[{"content_type":"text/calendar","content":"' + content + b'"}]}'
        )
        assert "`attachments[0].content`" in expect_refusal(refusing_api.send(body), 422, "invalid_attachment")


@pytest.mark.parametrize("number", [b"1e400", b"9" * 5000, b"-1e999"], ids=["e400", "5000", "-e999"])
def test_a_number_out_of_range_is_refused(refusing_api: RunningApi, number: bytes) -> None:
    body = MAIL_TEXT[:-1].encode() + b',"headers":{"X-A":' + number + b"}}"
    assert "`headers`" in expect_refusal(refusing_api.send(body), 422, "validation_error")


@pytest.mark.parametrize("body", [[], [MAIL], None, 7, "text", True])
def test_an_email_is_an_object(refusing_api: RunningApi, body: Any) -> None:
    answer = refusing_api.request("POST", "/emails", json.dumps(body).encode())
    assert "Expected `object`" in expect_refusal(answer, 422, "validation_error")


@pytest.mark.parametrize("body", [MAIL, {}, None, 7, "text"])
def test_a_batch_is_an_array(refusing_api: RunningApi, body: Any) -> None:
    answer = refusing_api.request("POST", "/emails/batch", json.dumps(body).encode())
    assert "Expected `array`" in expect_refusal(answer, 422, "validation_error")


def test_a_batch_holds_one_to_a_hundred_emails(refusing_api: RunningApi) -> None:
    for count in (0, 101):
        message = expect_refusal(refusing_api.request("POST", "/emails/batch", [MAIL] * count), 422, "validation_error")
        assert "1 to 100" in message


@pytest.mark.parametrize(
    "item", [{}, None, [], 7, MAIL | {"attachments": [{"content": "YQ=="}]}, MAIL | {"subject": "a\nb"}]
)
def test_a_batch_with_one_wrong_email_stores_none(refusing_api: RunningApi, item: Any) -> None:
    answer = refusing_api.request("POST", "/emails/batch", [MAIL, item], headers={"idempotency-key": "b"})
    name = "missing_required_field" if item == {} else "validation_error"
    assert "Email 1 of the batch" in expect_refusal(answer, 422, name)


@pytest.mark.parametrize("mode", ["", "lenient", "STRICT", "\xe9"])
def test_the_mode_of_a_batch_is_strict_or_permissive(refusing_api: RunningApi, mode: str) -> None:
    answer = refusing_api.request("POST", "/emails/batch", [MAIL], headers={"x-batch-validation": mode})
    assert "`x-batch-validation`" in expect_refusal(answer, 422, "validation_error")


@pytest.mark.parametrize("path", ["/emails", "/emails/batch"])
@pytest.mark.parametrize("key", ["", "k" * 257])
def test_an_idempotency_key_has_1_to_256_characters(refusing_api: RunningApi, path: str, key: str) -> None:
    body = MAIL if path == "/emails" else [MAIL]
    answer = refusing_api.request("POST", path, body, headers={"idempotency-key": key})
    expect_refusal(answer, 400, "invalid_idempotency_key")
