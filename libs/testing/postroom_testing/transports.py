"""What tests of transports share: a message, a store, and each transport together with its provider."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID, uuid4

import pytest

from postroom_testing.ses import SesServer
from postroom_testing.ses_messages import Behaviour
from postroom_testing.smtp import SmtpServer
from postroom_transport.factory import open_transport
from postroom_transport.message import Message, Transport

TIMEOUT_SECONDS = 20
RAW = (
    b"Message-ID: <1@sender.example>\r\nFrom: a@sender.example\r\nTo: b@receiver.example\r\n"
    b"Subject: test\r\n\r\nfirst\r\n.\r\n..two\r\n.three\r\nFrom here\r\ntrailing  \r\n\r\n.\r\n"
)


def make_message(
    *recipients: str, raw: bytes = RAW, email_id: UUID | None = None, sender: str = "a@sender.example"
) -> Message:
    return Message(email_id or uuid4(), sender, recipients or ("b@receiver.example",), raw)


class Taken(Protocol):
    """What all providers of the tests record of a mail."""

    @property
    def sender(self) -> str: ...
    @property
    def recipients(self) -> tuple[str, ...]: ...
    @property
    def raw(self) -> bytes: ...


@dataclass(frozen=True)
class Kept:
    sender: str
    recipients: tuple[str, ...]
    raw: bytes


class MemoryStore:
    def __init__(self) -> None:
        self.mails: list[Taken] = []

    def save(self, *, email_id: UUID, sender: str, recipients: tuple[str, ...], raw: bytes) -> str:
        self.mails.append(Kept(sender, recipients, raw))
        return f"<{email_id}@inbox>"


@dataclass(frozen=True)
class Subject:
    """A transport, what its provider has taken, and how to make that provider misbehave."""

    transport: Transport
    mails: Callable[[], list[Taken]]
    refuse: Callable[[], None]
    defer: Callable[[], None]
    lose_answer: Callable[[], None]


@pytest.fixture
def inbox_subject() -> Iterator[Subject]:
    store = MemoryStore()
    transport = open_transport("inbox:", timeout_seconds=TIMEOUT_SECONDS, inbox_store=store)
    yield Subject(transport, lambda: store.mails, _cannot, _cannot, _cannot)
    transport.close()


@pytest.fixture
def smtp_subject(smtp_server: SmtpServer) -> Iterator[Subject]:
    transport = open_transport(smtp_server.mail_url(), timeout_seconds=TIMEOUT_SECONDS, inbox_store=None)
    yield Subject(
        transport,
        lambda: list(smtp_server.mails),
        lambda: smtp_server.replies.update(MAIL="554 5.7.1 rejected"),
        lambda: smtp_server.replies.update(MAIL="451 4.7.1 try later"),
        lambda: smtp_server.drops.add("DATA"),
    )
    transport.close()


@pytest.fixture
def ses_subject(ses: SesServer) -> Iterator[Subject]:
    transport = open_transport(ses.mail_url(), timeout_seconds=TIMEOUT_SECONDS, inbox_store=None)
    yield Subject(
        transport,
        lambda: list(ses.mails),
        lambda: ses.always(Behaviour.REJECT),
        lambda: ses.always(Behaviour.FAIL),
        lambda: ses.always(Behaviour.DROP_AFTER),
    )
    transport.close()


def _cannot() -> None:
    raise AssertionError("the inbox has no trouble of its own")
