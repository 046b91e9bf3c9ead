import base64
import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom_domain.addresses import parse_mailbox
from postroom_testing.corpus import load
from postroom_worker.rendering import File, Letter, render
from postroom_worker.text_encoding import encode_text

EMAIL_ID = UUID("01a20a38-7f42-750a-b937-e4f87da17252")
LOGO = File("logo.png", "image/png", "logo", bytes(range(256)))
REPORT = File("请求 2026.pdf", 'application/pdf; x="y"', None, b"%PDF" + bytes(1000))


def letter(**changes: Any) -> Letter:
    values: dict[str, Any] = {
        "email_id": EMAIL_ID,
        "written_at": datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        "sender": parse_mailbox("Widgets, Inc. <from@example.com>"),
        "to": [parse_mailbox("to@example.com")],
        "cc": [],
        "reply_to": [],
        "subject": "Hello",
        "headers": {},
        "text": b"text\n",
        "html": b"<p>html</p>",
        "files": [],
    }
    return Letter(**(values | changes))


def parse(raw: bytes) -> EmailMessage:
    parsed = message_from_bytes(raw, policy=SMTP)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def body(message: EmailMessage, kind: str) -> bytes:
    part = message.get_body((kind,))
    assert part is not None
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def shape(part: Any) -> Any:
    return [part.get_content_type(), *map(shape, part.iter_parts())] if part.is_multipart() else part.get_content_type()


def assert_travels(raw: bytes) -> None:
    """ASCII, CRLF only, no line above the limit of RFC 5322."""
    assert raw.isascii()
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"html": None}, "text/plain"),
        ({"text": None}, "text/html"),
        ({"text": b""}, "text/html"),
        ({"html": b""}, "text/plain"),
        ({"html": b"", "files": [LOGO]}, ["multipart/mixed", "text/plain", "image/png"]),
        ({"text": b"", "files": [LOGO]}, ["multipart/related", "text/html", "image/png"]),
        ({}, ["multipart/alternative", "text/plain", "text/html"]),
        (
            {"files": [LOGO]},
            ["multipart/alternative", "text/plain", ["multipart/related", "text/html", "image/png"]],
        ),
        (
            {"files": [REPORT, LOGO]},
            [
                "multipart/mixed",
                ["multipart/alternative", "text/plain", ["multipart/related", "text/html", "image/png"]],
                "application/pdf",
            ],
        ),
        ({"html": None, "files": [LOGO]}, ["multipart/mixed", "text/plain", "image/png"]),
    ],
)
def test_parts_stand_where_clients_look_for_them(changes: dict[str, Any], expected: Any) -> None:
    raw = render(letter(**changes))
    assert_travels(raw)
    assert shape(parse(raw)) == expected


def test_headers_are_there_and_bcc_is_not() -> None:
    message = parse(
        render(
            letter(
                to=[parse_mailbox(f"Name {n} <to{n}@example.com>") for n in range(30)],
                cc=[parse_mailbox("c@example.com")],
                reply_to=[parse_mailbox("r@example.com")],
                headers={"X-Ref": "a b", "List-Unsubscribe": "<https://example.com/u>"},
            )
        )
    )
    assert str(message["From"]) == '"Widgets, Inc." <from@example.com>'
    assert [a.addr_spec for a in message["To"].addresses] == [f"to{n}@example.com" for n in range(30)]
    assert str(message["Cc"]) == "c@example.com"
    assert str(message["Reply-To"]) == "r@example.com"
    assert (message["X-Ref"], message["List-Unsubscribe"]) == ("a b", "<https://example.com/u>")
    assert message["Message-ID"] == f"<{EMAIL_ID}@example.com>"
    assert message["Date"].datetime == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert message["Bcc"] is None


@pytest.mark.parametrize(
    "name",
    [
        "山田太郎、株式会社例と長い名前の部署を持つ大きな会社の請求係",
        "شركة المثال للخدمات والتجارة العامة المحدودة",
        'Quote " and \\ backslash',
        "=?utf-8?q?not_encoded?=",
        "Emoji 🙂, comma; semicolon <angle> @at",
        "x" * 200,
        "é" * 200,
    ],
)
def test_names_arrive_as_they_were(name: str) -> None:
    address = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '" <to@example.com>'
    raw = render(letter(to=[parse_mailbox(address), parse_mailbox("second@example.com")], subject=name))
    assert_travels(raw)
    message = parse(raw)
    assert [(a.display_name, a.addr_spec) for a in message["To"].addresses] == [
        (name, "to@example.com"),
        ("", "second@example.com"),
    ]
    assert message["Subject"] == name


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=300))
def test_any_subject_is_one_header_and_arrives(subject: str) -> None:
    raw = render(letter(subject=subject))
    assert_travels(raw)
    message = parse(raw)
    assert [name for name in message.keys() if name.lower() == "subject"] == ["Subject"]  # noqa: SIM118 - a message repeats keys
    assert set(message.keys()) == {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"}
    assert " ".join(str(message["Subject"]).split()) == " ".join(subject.split())


def test_attachments_keep_their_bytes_and_names() -> None:
    message = parse(render(letter(files=[REPORT, LOGO])))
    parts = {part.get_filename(): part for part in message.walk() if part.get_filename()}
    assert parts[REPORT.filename].get_payload(decode=True) == REPORT.content
    assert parts[REPORT.filename].get_content_disposition() == "attachment"
    assert parts["logo.png"].get_payload(decode=True) == LOGO.content
    assert parts["logo.png"]["Content-ID"] == "<logo>"
    assert parts["logo.png"].get_content_disposition() == "inline"


@pytest.mark.parametrize("filename", ['a "quoted" \\ name.txt', "ü" * 255, "a" * 255, "名前.pdf", "semi;colon=.txt"])
def test_any_file_name_arrives(filename: str) -> None:
    raw = render(letter(files=[File(filename, "text/plain", None, b"x")]))
    assert_travels(raw)
    assert [part.get_filename() for part in parse(raw).walk() if part.get_filename()] == [filename]


@pytest.mark.parametrize("mail", load(), ids=lambda mail: mail.name)
def test_the_corpus_arrives_but_for_its_line_breaks(mail: Any) -> None:
    raw = render(letter(text=mail.text.encode(), html=mail.html.encode()))
    assert_travels(raw)
    message = parse(raw)
    assert body(message, "plain") == with_crlf(mail.text.encode())
    assert body(message, "html") == with_crlf(mail.html.encode())


@given(st.text(max_size=2000).map(lambda text: text.encode("utf-8", "replace")))
def test_any_text_arrives(text: bytes) -> None:
    encoded = encode_text(text)
    wrapped = b"Content-Transfer-Encoding: " + encoded.transfer_encoding.encode() + b"\r\n\r\n" + encoded.lines
    assert message_from_bytes(wrapped).get_payload(decode=True) == with_crlf(text)


def test_plain_text_travels_as_it_is_and_the_rest_as_what_is_shorter() -> None:
    assert encode_text(b"plain\ntext").transfer_encoding == "7bit"
    assert encode_text("café, mostly plain text".encode()).transfer_encoding == "quoted-printable"
    assert encode_text("日本語だけの本文です".encode() * 5).transfer_encoding == "base64"
    assert encode_text(b"x" * 2000).transfer_encoding == "quoted-printable"
    assert not re.search(rb"(?m)^From ", encode_text(b"a\nFrom me to you\n").lines)


def test_a_message_of_39_mb_is_rendered() -> None:
    content = bytes(range(256)) * (28 * 1024 * 1024 // 256)
    raw = render(letter(files=[File("big.bin", "application/octet-stream", None, content)]))
    assert 38 * 1024 * 1024 < len(raw) < 40 * 1024 * 1024
    assert base64.b64encode(content[:57]) in raw


def with_crlf(text: bytes) -> bytes:
    return re.sub(rb"\r\n|\r|\n", b"\r\n", text)
