"""Requests as the clients of other languages send them, byte for byte where bytes matter.

The clients cannot run here; what they send was read from their sources and recorded. Each case is one client's habit.
"""

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from postroom_api_testing.exchange import Answer
from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL, RunningApi
from postroom_database.models import Email
from postroom_database.repositories import contents

JSON = {"content-type": "application/json"}
FILE = b"%PDF-1.7 \x00\xff"
BASE64 = base64.b64encode(FILE).decode()


@dataclass(frozen=True)
class Sending:
    """One email as a client posts it, and what must be stored of it.

    Attributes:
        own: headers of the email itself, as they are stored.
    """

    client: str
    habit: str
    body: dict[str, Any]
    stored: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    file: bytes | None = None
    own: dict[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.client}: {self.habit}"


def mail(**changes: Any) -> dict[str, Any]:
    """A mail with a text, so that each case shows only what is special about it."""
    return {"from": "Shop <a@example.com>", "to": ["b@example.com"], "subject": "s", "text": "t"} | changes


def attached(**attachment: Any) -> dict[str, Any]:
    return mail(attachments=[{"filename": "a.pdf"} | attachment])


SENDINGS = [
    Sending(
        "npm resend 6",
        "names one recipient as text and sends what is undefined not at all",
        {"from": "a@example.com", "to": "b@example.com", "subject": "s", "html": "<p>h</p>"},
        {"to": ["b@example.com"], "html": "<p>h</p>", "text": None, "cc": None},
        {"user-agent": "resend-node:6.38.0", "idempotency-key": "npm-1"},
    ),
    Sending("npm resend 6", "encodes attachments", attached(content=BASE64), {}, file=FILE),
    Sending(
        "npm resend 3 to 6, Payload",
        "lets JSON turn a Buffer into an object",
        attached(content={"type": "Buffer", "data": list(FILE)}),
        {},
        file=FILE,
    ),
    Sending(
        "npm resend 3",
        "writes camel case",
        mail(replyTo="r@example.com", scheduledAt="in 1 hour"),
        {"reply_to": ["r@example.com"], "last_event": "scheduled"},
        {"user-agent": "resend-node:3.5.0"},
    ),
    Sending(
        "Go resend-go",
        "sends bytes as numbers and reply_to as text",
        attached(content=list(FILE), content_type="application/pdf") | {"reply_to": "r@example.com", "html": ""},
        {"reply_to": ["r@example.com"], "html": ""},
        file=FILE,
    ),
    Sending(
        "Go resend-go",
        "calls the content id of an image inline_content_id",
        attached(content=list(FILE), inline_content_id="logo"),
        {},
        file=FILE,
    ),
    Sending(
        "Laravel's transport",
        "sends empty lists and null for what is not there",
        mail(cc=[], bcc=[], reply_to=[], html=None, headers=[], tags=[], attachments=[]),
        {"cc": None, "bcc": None, "reply_to": None, "html": None, "tags": []},
        {"accept": "application/json", "user-agent": "resend-php/1.0"},
    ),
    Sending(
        "resend-laravel",
        "sends a calendar as it is",
        attached(filename="c.ics", content_type="text/calendar", content="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
        {},
        file=b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    ),
    Sending(
        "Symfony's bridge",
        "names a tag by its header and reply_to by text",
        mail(tags=[{"X-Tag": "welcome"}], reply_to="r@example.com", headers={"X-Ref": "7"}),
        {"tags": [{"name": "X-Tag", "value": "welcome"}], "reply_to": ["r@example.com"]},
        own={"X-Ref": "7"},
    ),
    Sending(
        "Symfony's bridge",
        "says reply_to once more as a header, and names no file",
        mail(reply_to="R <r@example.com>", headers={"Reply-To": "R <r@example.com>", "X-Priority": "2 (High)"})
        | {"attachments": [{"filename": None, "content": BASE64}]},
        {"reply_to": ["R <r@example.com>"]},
        file=FILE,
        own={"X-Priority": "2 (High)"},
    ),
    Sending(
        "Symfony's bridge",
        "has no header but that one",
        mail(reply_to="r@example.com", headers={"Reply-To": "r@example.com"}),
        {"reply_to": ["r@example.com"]},
    ),
    Sending(
        "PHP: Laravel's transport, Symfony's bridge",
        "folds headers for the wire and encodes their words",
        mail(
            headers={
                "List-Unsubscribe": "<mailto:unsubscribe@example.com>,\r\n <https://example.com/unsubscribe>",
                "X-City": "=?utf-8?Q?M=C3=BCnchen?=",
            }
        ),
        {},
        own={
            "List-Unsubscribe": "<mailto:unsubscribe@example.com>, <https://example.com/unsubscribe>",
            "X-City": "München",
        },
    ),
    Sending(
        "Payload",
        "sends empty text for absent copies and bodies",
        mail(cc="", bcc="", text="", html="<p>h</p>", attachments=[]),
        {"cc": None, "bcc": None, "text": "", "html": "<p>h</p>"},
    ),
    Sending(
        "django-anymail",
        "always sends lists, keeps tags and metadata in headers, writes types with parameters",
        mail(
            reply_to=["R <r@example.com>"],
            headers={"X-Tags": '["welcome"]', "X-Metadata": '{"user": "7"}', "X-Number": "1"},
            attachments=[{"filename": "a.txt", "content": BASE64, "content_type": 'text/plain; charset="utf-8"'}],
        ),
        {"reply_to": ["R <r@example.com>"]},
        {"user-agent": "django-anymail/15.2-resend python-requests/2.34"},
        file=FILE,
        own={"X-Tags": '["welcome"]', "X-Metadata": '{"user": "7"}', "X-Number": "1"},
    ),
    Sending(
        "django-anymail",
        "encodes the words of a name that holds a comma",
        mail(to=["=?utf-8?q?Ada=2C_Countess?= <b@example.com>"]),
        {"to": ["=?utf-8?q?Ada=2C_Countess?= <b@example.com>"]},
    ),
    Sending(
        "django-anymail",
        "schedules with an offset and milliseconds",
        mail(scheduled_at="2000-01-01T10:00:00.250+02:00"),
        {"last_event": "scheduled", "scheduled_at": "2000-01-01T08:00:00.250000+00:00"},
    ),
    Sending(
        "Rust, .NET, Java",
        "send null for every optional field",
        mail(html=None, cc=None, bcc=None, reply_to=None, headers=None, tags=None, attachments=None, scheduled_at=None),
        {"cc": None, "scheduled_at": None},
    ),
    Sending(
        "PHP resend-php",
        "escapes slashes and what is not ASCII",
        mail(subject="Größe 世界", html="<a href='https://example.com/a'>x</a>"),
        {"subject": "Größe 世界", "html": "<a href='https://example.com/a'>x</a>"},
    ),
]


@pytest.mark.parametrize("sending", SENDINGS, ids=str)
def test_an_email_is_stored_as_its_client_means_it(shared_api: RunningApi, sending: Sending) -> None:
    body = json.dumps(sending.body)
    if "PHP" in sending.client:
        body = body.replace("/", "\\/")
    answer = shared_api.request("POST", "/emails", body.encode(), headers=JSON | sending.headers)
    expect_success(answer)
    email_id = answer.json()["id"]
    shown = shared_api.request("GET", f"/emails/{email_id}").json()
    assert {name: shown[name] for name in sending.stored} == sending.stored
    if sending.file is not None:
        with shared_api.database.read() as connection:
            part = contents.load(connection, UUID(email_id), contents.FIRST_ATTACHMENT_PART)
        assert part == sending.file
    if "headers" in sending.body:
        with shared_api.database.read() as connection:
            own = connection.execute(select(Email.headers).where(Email.id == UUID(email_id))).scalar_one()
        assert own == sending.own


@pytest.mark.parametrize(
    ("client", "method", "path", "body"),
    [
        ("PyPI resend: an empty object where nothing is said", "GET", "/emails/{id}", b"{}"),
        ("PyPI resend", "GET", "/emails", b"{}"),
        ("PyPI resend", "POST", "/emails/{id}/cancel", b"{}"),
        ("npm resend: JSON announced, nothing sent", "GET", "/emails/{id}", b""),
        ("npm resend", "POST", "/emails/{id}/cancel", b""),
        ("npm resend", "GET", "/emails/{id}/attachments", b""),
        ("PHP resend-php: an array where nothing is said", "POST", "/emails/{id}/cancel", b"[]"),
        (
            "PyPI, Go: the id again in the body",
            "PATCH",
            "/emails/{id}",
            b'{"id":"x","scheduled_at":"in 2 hours"}',
        ),
        ("PyPI and npm with a slash at the end of the address", "GET", "//emails/{id}", b"{}"),
    ],
)
def test_requests_about_an_email(shared_api: RunningApi, client: str, method: str, path: str, body: bytes) -> None:
    email_id = shared_api.send(MAIL | {"scheduled_at": "in 1 hour"}).json()["id"]
    expect_success(shared_api.request(method, path.format(id=email_id), body, headers=JSON))


def test_a_resource_is_deleted_with_a_body_and_answers_one(shared_api: RunningApi) -> None:
    for body in (b"{}", b""):
        key = shared_api.request("POST", "/api-keys", {"name": "k"}).json()
        expect_success(shared_api.request("DELETE", f"/api-keys/{key['id']}", body, headers=JSON))


def test_n8n_reads_pages_until_there_are_no_more(api: RunningApi) -> None:
    sent = [item["id"] for _ in range(3) for item in api.request("POST", "/emails/batch", [MAIL] * 70).json()["data"]]
    assert api.request("GET", "/api-keys").status == 200  # how it tests a credential
    seen: list[str] = []
    path = "/emails?limit=100"
    while True:
        page = api.request("GET", path).json()
        seen += [email["id"] for email in page["data"]]
        if not page["has_more"]:
            break
        path = f"/emails?limit=100&after={seen[-1]}"
    assert seen == sent[::-1]


def test_anymail_finds_its_batch_in_the_order_of_its_recipients(shared_api: RunningApi) -> None:
    batch = [mail(to=[f"r{number}@example.com"], headers={"X-Metadata": f'{{"n": "{number}"}}'}) for number in range(3)]
    answer = shared_api.request("POST", "/emails/batch", batch)
    assert set(answer.json()) == {"data"}
    for item, asked in zip(answer.json()["data"], batch, strict=True):
        assert shared_api.request("GET", f"/emails/{item['id']}").json()["to"] == asked["to"]


def test_npm_always_says_how_a_batch_is_checked(shared_api: RunningApi) -> None:
    for mode in ("strict", "permissive"):
        answer = shared_api.request("POST", "/emails/batch", [mail()], headers={"x-batch-validation": mode})
        assert ("errors" in answer.json()) == (mode == "permissive")


def test_an_error_has_what_every_client_looks_for_and_nothing_else(refusing_api: RunningApi) -> None:
    answer = refusing_api.send(mail(to="nobody"))
    expect_refusal(answer, 422, "validation_error")
    assert set(answer.json()) == {"statusCode", "name", "message"}


def expect_success(answer: Answer) -> None:
    """200, JSON, an object, and no ``statusCode``: any other way some client takes it for an error."""
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json"), answer
    assert isinstance(answer.json(), dict)
    assert "statusCode" not in answer.json()
