"""What holds for every transport, over real servers and the real client libraries."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from postroom_testing.corpus import load
from postroom_testing.transports import RAW, Subject, make_message
from postroom_transport.message import Transport, Verdict

ALL = ("inbox_subject", "smtp_subject", "ses_subject")
NETWORKED = ("smtp_subject", "ses_subject")
RECIPIENTS = ("to@receiver.example", "cc@receiver.example", "bcc@hidden.example")


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> Subject:
    chosen: Subject = request.getfixturevalue(request.param)
    return chosen


on_all = pytest.mark.parametrize("subject", ALL, indirect=True)
on_networked = pytest.mark.parametrize("subject", NETWORKED, indirect=True)


@on_all
def test_delivers_every_byte(subject: Subject) -> None:
    result = subject.transport.send(make_message())
    assert [recipient.verdict for recipient in result.recipients] == [Verdict.SENT]
    assert [mail.raw for mail in subject.mails()] == [RAW]


@on_all
def test_message_that_begins_with_a_dot_and_is_nothing_but_dots(subject: Subject) -> None:
    raw = b".: odd header\r\n\r\n" + b".\r\n" * 100
    subject.transport.send(make_message(raw=raw))
    assert [mail.raw for mail in subject.mails()] == [raw]


@on_all
def test_delivers_the_corpus(subject: Subject) -> None:
    raws = [b"Subject: corpus\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + _wrap(mail.html) for mail in load()]
    for raw in raws:
        subject.transport.send(make_message(raw=raw))
    assert [mail.raw for mail in subject.mails()] == raws


@on_all
def test_envelope_holds_all_recipients_and_only_those(subject: Subject) -> None:
    result = subject.transport.send(make_message(*RECIPIENTS))
    (mail,) = subject.mails()
    assert mail.recipients == RECIPIENTS
    assert mail.sender == "a@sender.example"
    assert tuple(recipient.address for recipient in result.recipients) == RECIPIENTS


@on_all
def test_takes_fifty_recipients(subject: Subject) -> None:
    recipients = tuple(f"r{number}@receiver.example" for number in range(50))
    result = subject.transport.send(make_message(*recipients))
    assert {recipient.verdict for recipient in result.recipients} == {Verdict.SENT}
    assert subject.mails()[0].recipients == recipients


@on_all
def test_gives_a_message_id(subject: Subject) -> None:
    result = subject.transport.send(make_message())
    assert result.message_id


@on_all
def test_delivers_39_megabytes(subject: Subject) -> None:
    raw = b"Subject: large\r\n\r\n" + (b"." + b"x" * 996 + b"\r\n") * (39 * 1024 * 1024 // 999)
    result = subject.transport.send(make_message(raw=raw))
    assert result.recipients[0].verdict is Verdict.SENT
    assert subject.mails()[0].raw == raw


@on_all
def test_refuses_what_is_too_large_before_calling(subject: Subject) -> None:
    result = subject.transport.send(make_message(raw=b"x" * (subject.transport.max_bytes + 1)))
    assert result.message_id is None
    assert [recipient.verdict for recipient in result.recipients] == [Verdict.PERMANENT]
    assert subject.mails() == []


@on_all
def test_many_threads_send_at_once(subject: Subject) -> None:
    messages = [make_message(f"r{number}@receiver.example", email_id=uuid4()) for number in range(60)]
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(subject.transport.send, messages))
    assert {result.recipients[0].verdict for result in results} == {Verdict.SENT}
    assert sorted(mail.recipients for mail in subject.mails()) == sorted(m.recipients for m in messages)


@on_all
def test_check_says_something(subject: Subject) -> None:
    assert subject.transport.check()
    assert "\n" not in subject.transport.check()
    assert subject.mails() == []


@on_all
def test_closes_twice(subject: Subject) -> None:
    subject.transport.send(make_message())
    subject.transport.close()
    subject.transport.close()


@on_networked
def test_permanent_refusal(subject: Subject) -> None:
    subject.refuse()
    assert _send_and_judge(subject.transport) == [Verdict.PERMANENT] * 3
    assert subject.mails() == []


@on_networked
def test_transient_refusal(subject: Subject) -> None:
    subject.defer()
    assert _send_and_judge(subject.transport) == [Verdict.TRANSIENT] * 3
    assert subject.mails() == []


@on_networked
def test_lost_answer_is_unknown_and_not_repeated(subject: Subject) -> None:
    subject.lose_answer()
    assert _send_and_judge(subject.transport) == [Verdict.UNKNOWN] * 3
    assert len(subject.mails()) == 1


@on_networked
def test_refusal_has_a_reason_of_one_line(subject: Subject) -> None:
    subject.refuse()
    (recipient,) = subject.transport.send(make_message()).recipients
    assert recipient.reason
    assert "\n" not in recipient.reason


def _send_and_judge(transport: Transport) -> list[Verdict]:
    result = transport.send(make_message(*RECIPIENTS))
    assert result.message_id is None
    return [recipient.verdict for recipient in result.recipients]


def _wrap(text: str) -> bytes:
    """Bring text into lines that a mail may have (RFC 5322, 2.1.1), as bytes with CRLF."""
    content = text.encode()
    lines = [line[at : at + 998] for line in content.splitlines() for at in range(0, max(len(line), 1), 998)]
    return b"\r\n".join(lines) + b"\r\n"
