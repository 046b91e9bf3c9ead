"""The flow of a real client: everything that the official SDK is used for, sent and looked at where it arrived."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import resend

from postroom_acceptance.arrivals import Arrival, Arrivals
from postroom_testing.corpus import load
from postroom_testing.server import wait_until

ARRIVE_SECONDS = 60
JAPANESE = "株式会社例の請求係"
ARABIC = "شركة المثال للتجارة"
IMAGE = bytes(range(256)) * 40
REPORT = b"%PDF-1.7\n" + bytes(range(255, -1, -1)) * 100


class Flow:
    """Sends with the PyPI ``resend`` package, and asserts on what arrived.

    Args:
        url: of the api.
        key: that the api takes.
        arrivals: where the mail goes.
    """

    def __init__(self, url: str, key: str, arrivals: Arrivals) -> None:
        resend.api_url = url
        resend.api_key = key
        self._arrivals = arrivals

    def run(self) -> None:
        """All of it."""
        for step in (
            self.sends_the_corpus_singly,
            self.sends_the_corpus_as_a_batch,
            self.sends_attachments,
            self.sends_an_inline_image,
            self.writes_names_in_any_script,
            self.keeps_bcc_in_the_envelope,
            self.schedules_and_cancels,
            self.repeats_with_an_idempotency_key,
            self.lists_and_reads,
        ):
            step()

    def sends_the_corpus_singly(self) -> None:
        ids = {}
        for mail in load():
            sent = self._send(subject=f"single {mail.name}", html=mail.html, text=mail.text)
            ids[mail.name] = sent["id"]
        for mail in load():
            arrival = self._wait(f"single {mail.name}")
            _assert_bodies(arrival, mail.html, mail.text)
        for email_id in ids.values():
            wait_until(
                lambda email_id=email_id: self._event(email_id) in {"sent", "delivered"},  # type: ignore[misc]  # bound per id
                seconds=ARRIVE_SECONDS,
                what="the email to be shown as sent",
            )

    def sends_the_corpus_as_a_batch(self) -> None:
        mails = load()
        answer = resend.Batch.send(
            [
                _mail(subject=f"batch {mail.name}", html=mail.html, text=mail.text, to=[f"b{n}@example.com"])
                for n, mail in enumerate(mails)
            ]
        )
        assert len(answer["data"]) == len(mails)
        for n, mail in enumerate(mails):
            arrival = self._wait(f"batch {mail.name}")
            assert arrival.recipients == (f"b{n}@example.com",)
            _assert_bodies(arrival, mail.html, mail.text)

    def sends_attachments(self) -> None:
        self._send(
            subject="attachments",
            attachments=[
                {"filename": "numbers.pdf", "content": list(REPORT)},
                {"filename": "レポート.csv", "content": list(b"a;b\n1;2\n"), "content_type": "text/csv"},
            ],
        )
        assert self._wait("attachments").files() == {"numbers.pdf": REPORT, "レポート.csv": b"a;b\n1;2\n"}

    def sends_an_inline_image(self) -> None:
        self._send(
            subject="inline",
            html='<p><img src="cid:logo-1"></p>',
            attachments=[{"filename": "logo.png", "content": list(IMAGE), "content_id": "logo-1"}],
        )
        [image] = [part for part in self._wait("inline").message.walk() if part.get_content_type() == "image/png"]
        assert image["Content-ID"] == "<logo-1>"
        assert image.get_content_disposition() == "inline"
        assert image.get_payload(decode=True) == IMAGE

    def writes_names_in_any_script(self) -> None:
        self._send(
            **{"from": f"{JAPANESE} <from@example.com>"},
            to=[f"{ARABIC} <to@example.com>"],
            subject=f"names {JAPANESE} {ARABIC}",
            reply_to="返信 <reply@例え.jp>",
        )
        message = self._wait(f"names {JAPANESE} {ARABIC}").message
        assert [(a.display_name, a.addr_spec) for a in message["From"].addresses] == [(JAPANESE, "from@example.com")]
        assert [(a.display_name, a.addr_spec) for a in message["To"].addresses] == [(ARABIC, "to@example.com")]
        [reply] = message["Reply-To"].addresses
        assert (reply.display_name, reply.addr_spec) == ("返信", "reply@xn--r8jz45g.jp")

    def keeps_bcc_in_the_envelope(self) -> None:
        self._send(subject="blind", to=["open@example.com"], cc=["copy@example.com"], bcc=["blind-copy@example.com"])
        arrival = self._wait("blind")
        assert set(arrival.recipients) == {"open@example.com", "copy@example.com", "blind-copy@example.com"}
        assert b"blind-copy" not in arrival.raw
        assert (arrival.message["To"], arrival.message["Cc"]) == ("open@example.com", "copy@example.com")

    def schedules_and_cancels(self) -> None:
        soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
        due = self._send(subject="scheduled", scheduled_at=soon)["id"]
        never = self._send(subject="canceled", scheduled_at="in 1 hour")["id"]
        moved = self._send(subject="moved", scheduled_at="tomorrow at 9am")["id"]
        assert (self._event(due), self._event(never)) == ("scheduled", "scheduled")
        assert resend.Emails.cancel(never)["id"] == never
        assert resend.Emails.update({"id": moved, "scheduled_at": soon})["id"] == moved
        assert not self._have("scheduled")
        self._wait("scheduled")
        self._wait("moved")
        assert self._event(never) == "canceled"
        assert not self._have("canceled")

    def repeats_with_an_idempotency_key(self) -> None:
        mail = _mail(subject="idempotent")
        first = resend.Emails.send(mail, {"idempotency_key": "flow-key"})
        again = resend.Emails.send(mail, {"idempotency_key": "flow-key"})
        assert first["id"] == again["id"]
        problem = _refusal(lambda: resend.Emails.send(_mail(subject="other"), {"idempotency_key": "flow-key"}))
        assert (problem.code, problem.error_type) == (409, "invalid_idempotent_request")
        self._wait("idempotent")
        time.sleep(0.5)
        assert len(self._have("idempotent")) == 1

    def lists_and_reads(self) -> None:
        page: Any = resend.Emails.list({"limit": 3})
        assert page["has_more"] is True
        assert len(page["data"]) == 3  # noqa: PLR2004 - the limit asked for
        shown = resend.Emails.get(page["data"][0]["id"])
        assert shown["subject"] == page["data"][0]["subject"]

    def _send(self, **changes: Any) -> Any:
        return resend.Emails.send(_mail(**changes))

    @staticmethod
    def _event(email_id: str) -> Any:
        shown: Any = resend.Emails.get(email_id)
        return shown["last_event"]

    def _have(self, subject: str) -> list[Arrival]:
        return [arrival for arrival in self._arrivals() if arrival.subject == subject]

    def _wait(self, subject: str) -> Arrival:
        wait_until(lambda: bool(self._have(subject)), seconds=ARRIVE_SECONDS, what=f"the mail {subject!r}")
        return self._have(subject)[0]


def _mail(**changes: Any) -> Any:
    return {
        "from": "Sender <from@example.com>",
        "to": ["to@example.com"],
        "subject": "subject",
        "html": "<p>html</p>",
    } | changes


def _assert_bodies(arrival: Arrival, html: str, text: str) -> None:
    """Equal to the byte, but for line breaks, which are CRLF in all mail (RFC 2045 6.7)."""
    assert arrival.body("html") == _with_crlf(html)
    assert arrival.body("plain") == _with_crlf(text)


def _with_crlf(text: str) -> bytes:
    return re.sub(r"\r\n|\r|\n", "\r\n", text).encode()


def _refusal(call: Callable[[], Any]) -> Any:
    try:
        call()
    except resend.exceptions.ResendError as problem:
        return problem
    raise AssertionError("it was not refused")
