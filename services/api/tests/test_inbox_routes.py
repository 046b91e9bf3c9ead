"""``/inbox``: what a person and a test suite read captured mail from."""

import base64
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID, uuid4

import pytest

from postroom_api_testing.exchange import Answer
from postroom_api_testing.raw_http import exchange
from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import RunningApi
from postroom_database.inbox_store import DatabaseInboxStore

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")
HTML = '<p>Hi</p><img src="cid:pixel"><img src="https://tracker.example/x"><script>alert(1)</script>'
FILENAME = 'a"é/..\\b.csv'


def plain_letter(subject: str = "Hello 世界") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Sender <from@example.com>"
    message["To"] = "to@example.com"
    message["Subject"] = subject
    message.set_content("Hi\n")
    return message


def full_letter() -> EmailMessage:
    message = plain_letter()
    message.add_alternative(HTML, subtype="html")
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(PIXEL, "image", "png", cid="<pixel>", filename="pixel.png")
    message.add_attachment(b"a,b\n", maintype="text", subtype="csv", filename=FILENAME)
    return message


def capture(api: RunningApi, message: EmailMessage, *recipients: str, email_id: UUID | None = None) -> str:
    return DatabaseInboxStore(api.database).save(
        email_id=email_id or uuid4(),
        sender="from@example.com",
        recipients=recipients or ("to@example.com",),
        raw=message.as_bytes(),
    )


def get(api: RunningApi, path: str, **headers: str) -> Answer:
    return api.request("GET", f"/inbox{path}", token=None, headers=headers)


def test_messages_are_listed_newest_first(shared_api: RunningApi) -> None:
    email_id = uuid4()
    older = capture(shared_api, plain_letter("one"), email_id=email_id)
    newer = capture(shared_api, plain_letter("two"), "to@example.com", "hidden@example.com")
    listed = get(shared_api, "/messages").json()["data"]
    assert [message["id"] for message in listed[:2]] == [newer, older]
    assert listed[1] == {
        "id": older,
        "email_id": str(email_id),
        "from": "from@example.com",
        "to": ["to@example.com"],
        "subject": "one",
        "received_at": listed[1]["received_at"],
    }
    assert listed[0]["to"] == ["to@example.com", "hidden@example.com"]


def test_messages_are_found_by_any_recipient(shared_api: RunningApi) -> None:
    wanted = capture(shared_api, plain_letter(), "a@example.com", "Alice.Find-Me@Example.com")
    capture(shared_api, plain_letter(), "bob@example.com")
    for text in ("alice.find-me@example.com", "ALICE.FIND", "find-me@example.com"):
        assert [message["id"] for message in get(shared_api, f"/messages?to={text}").json()["data"]] == [wanted]
    assert get(shared_api, "/messages?to=nobody@nowhere.example").json() == {"data": []}
    assert len(get(shared_api, "/messages?to=").json()["data"]) >= 2


def test_a_message_is_shown_with_all_its_parts(shared_api: RunningApi) -> None:
    message = full_letter()
    message_id = capture(shared_api, message)
    shown = get(shared_api, f"/messages/{message_id}").json()
    assert (shown["subject"], shown["text"], shown["has_html"]) == ("Hello 世界", "Hi\r\n", True)
    assert shown["size"] == len(message.as_bytes())
    assert {"name": "Subject", "value": "Hello 世界"} in shown["headers"]
    image, file = shown["attachments"]
    assert image == {
        "index": 0,
        "filename": "pixel.png",
        "content_type": "image/png",
        "size": len(PIXEL),
        "content_id": "pixel",
    }
    assert (file["filename"], file["content_type"], file["size"], file["content_id"]) == (FILENAME, "text/csv", 4, None)


def test_a_message_without_html_says_so(shared_api: RunningApi) -> None:
    message_id = capture(shared_api, plain_letter())
    assert get(shared_api, f"/messages/{message_id}").json()["has_html"] is False
    expect_refusal(get(shared_api, f"/messages/{message_id}/html"), 404, "not_found")


def test_html_runs_nothing_and_loads_nothing(shared_api: RunningApi) -> None:
    message_id = capture(shared_api, full_letter())
    answer = get(shared_api, f"/messages/{message_id}/html")
    assert answer.headers["content-type"].startswith("text/html")
    assert f'src="data:image/png;base64,{base64.b64encode(PIXEL).decode()}"' in answer.body.decode()
    policy = answer.headers["content-security-policy"]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["sandbox"] == ""
    assert "script-src" not in rules
    assert "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    remote = get(shared_api, f"/messages/{message_id}/html?remote=1").headers["content-security-policy"]
    assert "https:" in remote
    assert "script-src" not in remote
    assert "default-src 'none'" in remote


def test_the_source_is_byte_for_byte_what_would_have_left(shared_api: RunningApi) -> None:
    message = full_letter()
    message.add_attachment(bytes(range(256)) * 10_000, maintype="application", subtype="octet-stream", filename="b")
    answer = get(shared_api, f"/messages/{capture(shared_api, message)}/raw")
    assert answer.headers["content-type"].startswith("message/rfc822")
    assert answer.body == message.as_bytes()


def test_an_attachment_is_downloaded_and_never_shown(shared_api: RunningApi) -> None:
    message_id = capture(shared_api, full_letter())
    image = get(shared_api, f"/messages/{message_id}/attachments/0")
    assert image.body == PIXEL
    file = get(shared_api, f"/messages/{message_id}/attachments/1")
    assert file.body == b"a,b\n"
    assert file.headers["content-type"].startswith("application/octet-stream")
    assert file.headers["content-disposition"] == (
        "attachment; filename=\"a___.._b.csv\"; filename*=UTF-8''a%22%C3%A9_.._b.csv"
    )
    assert file.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("rest", ["", "/html", "/raw", "/attachments/0"])
def test_what_is_not_there_is_404(shared_api: RunningApi, rest: str) -> None:
    expect_refusal(get(shared_api, f"/messages/{uuid4()}{rest}"), 404, "not_found")
    expect_refusal(get(shared_api, f"/messages/nothing{rest}"), 422, "invalid_parameter")


def test_an_attachment_or_asset_that_is_not_there_is_404(shared_api: RunningApi) -> None:
    message_id = capture(shared_api, plain_letter())
    for path in (
        f"/messages/{message_id}/attachments/0",
        f"/messages/{message_id}/attachments/-1",
        f"/messages/{message_id}/attachments/x",
        "/assets/index.html",
        "/assets/..%2f..%2fmain.py",
        "/nothing",
    ):
        expect_refusal(get(shared_api, path), 404, "not_found")


@pytest.mark.parametrize(
    "host",
    ["inbox.example.com", "localhost.example.com", "127.0.0.1.example.com:8000", "10.0.0.1", "[::2]:80", "", "8.8.8.8"],
)
def test_another_name_than_loopback_is_refused(shared_api: RunningApi, host: str) -> None:
    message_id = capture(shared_api, full_letter())
    for path in (
        "",
        "/messages",
        f"/messages/{message_id}",
        f"/messages/{message_id}/raw",
        f"/messages/{message_id}/html",
    ):
        answer = get(shared_api, path, host=host)
        assert "loopback" in expect_refusal(answer, 404, "not_found")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "127.1.2.3", "[::1]:8000", "[::1]"])
def test_a_loopback_name_is_let_in(shared_api: RunningApi, host: str) -> None:
    assert get(shared_api, "/messages", host=host).status == 200


def test_no_name_at_all_is_refused(shared_api: RunningApi) -> None:
    received = exchange(shared_api.port, b"GET /inbox/messages HTTP/1.0\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 404")


def test_the_page_loads_only_its_own(shared_api: RunningApi) -> None:
    page = get(shared_api, "")
    assert page.status == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for asset in ("inbox.js", "inbox.css"):
        assert get(shared_api, f"/assets/{asset}").status == 200
