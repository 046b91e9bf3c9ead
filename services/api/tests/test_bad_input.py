"""Fields of an email that are missing or wrong: a refusal that names the field, and nothing stored."""

import base64
from typing import Any

import pytest

from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL, RunningApi

LONG = "x" * 300
FILE = {"filename": "a.txt", "content": base64.b64encode(b"a").decode()}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in MAIL.items() if name not in names}


def attached(**changes: Any) -> dict[str, Any]:
    return MAIL | {"attachments": [FILE | changes]}


@pytest.mark.parametrize("field", ["from", "to", "subject"])
@pytest.mark.parametrize("shape", ["absent", None, ""])
def test_a_missing_field_is_named(refusing_api: RunningApi, field: str, shape: str | None) -> None:
    if (field, shape) == ("subject", ""):
        body, field = without("from") | {"subject": ""}, "from"  # an empty subject is a subject
    else:
        body = without(field) if shape == "absent" else MAIL | {field: shape}
    answer = refusing_api.send(body, headers={"idempotency-key": "k"})
    assert expect_refusal(answer, 422, "missing_required_field") == f"Missing `{field}` field."


@pytest.mark.parametrize(
    "body", [without("html", "text"), without("html", "text") | {"text": ""}, without("text") | {"html": None}]
)
def test_an_email_without_a_body_is_refused(refusing_api: RunningApi, body: dict[str, Any]) -> None:
    assert "`html` or `text`" in expect_refusal(refusing_api.send(body), 422, "validation_error")


@pytest.mark.parametrize("field", ["from", "to", "cc", "bcc", "reply_to"])
@pytest.mark.parametrize(
    "address",
    [
        "nobody",
        "a@",
        "@b.example",
        "a b@example.com",
        "a@example.com, b@example.com",
        "Name a@example.com>",
        "<a@example.com",
        "a@exa mple.com",
        "a@example.com\r\nBcc: c@example.com",
        "A\nB <a@example.com>",
        "A\x00 <a@example.com>",
        "é@example.com",
        "a@" + LONG + ".com",
        "n" * 2000 + " <a@example.com>",
        "\u2028 <a@example.com>",
    ],
)
def test_a_malformed_address_is_refused(refusing_api: RunningApi, field: str, address: str) -> None:
    for value in (address,) if field == "from" else (address, ["ok@example.com", address]):
        assert f"`{field}`" in expect_refusal(refusing_api.send(MAIL | {field: value}), 422, "validation_error")


@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
def test_an_address_in_a_list_must_be_text(refusing_api: RunningApi, field: str) -> None:
    wrong: list[list[Any]] = [[None], [["a@example.com"]], [7], [""]]
    for value in wrong:
        assert f"`{field}" in expect_refusal(refusing_api.send(MAIL | {field: value}), 422, "validation_error")


WRONG_TYPES: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(
        ("from", "subject", "html", "text", "scheduled_at", "replyTo", "scheduledAt", "topic_id"),
        (7, True, {"a": 1}, 1.5),
    ),
    **dict.fromkeys(("to", "cc", "bcc", "reply_to", "replyTo"), (7, True, {"a": 1})),
    "headers": (7, "text", ["X-A"], {"X-A": None}, {"X-A": []}, {"X-A": True}, {"X-A": {}}),
    "attachments": (7, "text", {}, [7], ["text"], [None], [[]]),
    "tags": (7, "text", {}, [7], ["text"], [None], [{}], [{"name": "a"}], [{"a": 7}]),
    "template": (7, "text", [], {"id": 7}, {"id": "welcome"}, {"id": "welcome", "variables": 7}),
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field in WRONG_TYPES for value in WRONG_TYPES[field]])
def test_another_type_is_refused(refusing_api: RunningApi, field: str, value: Any) -> None:
    assert f"`{field}" in expect_refusal(refusing_api.send(MAIL | {field: value}), 422, "validation_error")


@pytest.mark.parametrize("field", ["filename", "path", "content_type", "content_id", "inline_content_id"])
def test_another_type_inside_an_attachment_is_refused(refusing_api: RunningApi, field: str) -> None:
    wrong: list[Any] = [7, [], {}, True]
    for value in wrong:
        message = expect_refusal(refusing_api.send(attached(**{field: value})), 422, "validation_error")
        assert f"`attachments[0].{field}`" in message or f"`attachments.{field}`" in message


def test_fifty_recipients_are_the_most(refusing_api: RunningApi) -> None:
    many = [f"r{n}@example.com" for n in range(17)]
    body = MAIL | {"to": many, "cc": many, "bcc": many}
    assert "50 recipients" in expect_refusal(refusing_api.send(body), 422, "validation_error")
    body = MAIL | {"reply_to": many * 3}
    assert "`reply_to`" in expect_refusal(refusing_api.send(body), 422, "validation_error")


@pytest.mark.parametrize(
    "tags",
    [
        [{"name": "a b", "value": "c"}],
        [{"name": "a", "value": "b c"}],
        [{"name": "", "value": "b"}],
        [{"name": "a", "value": ""}],
        [{"name": "é", "value": "b"}],
        [{"name": "a\n", "value": "b"}],
        [{"name": "a" * 257, "value": "b"}],
        [{"X-Tag": "a b"}],
        [{"name": "a", "value": "b"}] * 51,
    ],
)
def test_a_wrong_tag_is_refused(refusing_api: RunningApi, tags: Any) -> None:
    assert "`tags`" in expect_refusal(refusing_api.send(MAIL | {"tags": tags}), 422, "validation_error")


@pytest.mark.parametrize(
    "subject", ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\x00b", "a\x7fb", "a\u2028b", "s" * 2001]
)
def test_a_subject_cannot_break_the_message(refusing_api: RunningApi, subject: str) -> None:
    assert "`subject`" in expect_refusal(refusing_api.send(MAIL | {"subject": subject}), 422, "validation_error")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "b\r\nBcc: x@example.com"},
        {"X-A": "b\nc"},
        {"X-A": "b\x00"},
        {"X-A\r\nBcc": "x@example.com"},
        {"X A": "b"},
        {"X:A": "b"},
        {"": "b"},
        {"X-é": "b"},
        {"X-" + LONG: "b"},
        {"X-A": "b" * 8001},
        {"X-A": "1", "x-a": "2"},
        {f"X-{n}": "v" for n in range(101)},
        *(
            {name: "x@example.com"}
            for name in ("From", "to", "CC", "Bcc", "Return-Path", "X-SES-Configuration-Set", "Message-ID", "Date")
        ),
        {"Content-Type": "text/plain"},
        {"X-Postroom-Email": "1"},
    ],
)
def test_a_header_cannot_break_the_message(refusing_api: RunningApi, headers: dict[str, str]) -> None:
    assert "`headers`" in expect_refusal(refusing_api.send(MAIL | {"headers": headers}), 422, "validation_error")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"filename": "a\r\nX: y"}, "filename"),
        ({"filename": "a\x00.txt"}, "filename"),
        ({"filename": LONG}, "filename"),
        ({"content_type": "text/plain\r\nX: y"}, "content_type"),
        ({"content_type": "text"}, "content_type"),
        ({"content_type": "/"}, "content_type"),
        ({"content_type": "multipart/mixed"}, "content_type"),
        ({"content_type": "text/plän"}, "content_type"),
        ({"content_id": "a\r\nX: y"}, "content_id"),
        ({"content": "a"}, "content"),
        ({"content": "a=b="}, "content"),
        ({"content": "????"}, "content"),
        ({"content": "YQ==YQ=="}, "content"),
        ({"content": [256]}, "content"),
        ({"content": [-1]}, "content"),
        ({"content": [1.5]}, "content"),
        ({"content": ["1"]}, "content"),
        ({"content": [[1]]}, "content"),
        ({"content": [None]}, "content"),
        ({"content": [10**30]}, "content"),
        ({"content": [1] * 400_000 + [256]}, "content"),
        ({"content": {"type": "Buffer"}}, "content"),
        ({"content": {"type": "Buffer", "data": "YQ=="}}, "content"),
        ({"content": {"type": "Buffer", "data": [300]}}, "content"),
        ({"content": 7}, "content"),
        ({"content": True}, "content"),
        ({"content": None}, ""),
        ({"content": None, "path": ""}, ""),
        ({"content": None, "path": "file:///etc/passwd"}, "path"),
        ({"content": None, "path": "ftp://example.com/a"}, "path"),
        ({"content": None, "path": "/etc/passwd"}, "path"),
        ({"content": None, "path": "https://"}, "path"),
        ({"content": None, "path": "https:///a"}, "path"),
        ({"content": None, "path": "https://exa mple.com/a"}, "path"),
        ({"content": None, "path": "https://example.com:99999/a"}, "path"),
        ({"content": None, "path": "https://[::1/a"}, "path"),
        ({"content": None, "path": "https://example.com/a\r\nX: y"}, "filename"),
        ({"content": None, "filename": "a", "path": "https://example.com/a\r\nX: y"}, "path"),
        ({"content": None, "path": "https://example.com/" + "a" * 100_000}, "filename"),
        ({"content": None, "filename": "a", "path": "https://example.com/" + "a" * 100_000}, "path"),
    ],
)
def test_a_wrong_attachment_is_refused(refusing_api: RunningApi, changes: dict[str, Any], field: str) -> None:
    given = {"content_type": "text/plain"} if "path" in changes else FILE
    body = MAIL | {"attachments": [given | changes]}
    message = expect_refusal(refusing_api.send(body), 422, "invalid_attachment")
    assert f"`attachments[0]{field and '.'}{field}`" in message


def test_too_many_attachments_are_refused(refusing_api: RunningApi) -> None:
    answer = refusing_api.send(MAIL | {"attachments": [FILE] * 251})
    assert "`attachments`" in expect_refusal(answer, 422, "invalid_attachment")


@pytest.mark.parametrize(
    "time", ["nonsense", "31", "in 31 days", "2999-01-01T00:00:00Z", "9" * 5000, "\x00", "²²²²-01-01"]
)
def test_a_wrong_time_is_refused(refusing_api: RunningApi, time: str) -> None:
    assert "`scheduled_at`" in expect_refusal(refusing_api.send(MAIL | {"scheduled_at": time}), 422, "validation_error")
