"""What arrived, wherever mail goes: one view over the inbox, a mail server and SES."""

import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from functools import cached_property
from typing import Any

from postroom_testing.ses import SesServer
from postroom_testing.smtp import SmtpServer


@dataclass(frozen=True)
class Arrival:
    """One message with its envelope."""

    recipients: tuple[str, ...]
    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=SMTP)
        if not isinstance(parsed, EmailMessage):
            raise TypeError("the policy parses into EmailMessage")
        return parsed

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def body(self, kind: str) -> bytes | None:
        """The ``plain`` or ``html`` body, decoded from its transfer encoding."""
        part = self.message.get_body((kind,))
        content: Any = None if part is None else part.get_payload(decode=True)
        return content if isinstance(content, bytes) else None

    def files(self) -> dict[str, bytes]:
        """Attachments and inline images by file name."""
        return {
            str(part.get_filename()): part.get_payload(decode=True)  # type: ignore[misc]  # leaves are bytes
            for part in self.message.walk()
            if part.get_filename()
        }


Arrivals = Callable[[], list[Arrival]]


def in_inbox(url: str) -> Arrivals:
    """Messages that the api's inbox shows, oldest first; each is read once."""
    seen: dict[str, Arrival] = {}

    def read() -> list[Arrival]:
        listed = json.loads(_get(f"{url}/inbox/messages"))["data"]
        for item in reversed(listed):
            if item["id"] not in seen:
                seen[item["id"]] = Arrival(tuple(item["to"]), _get(f"{url}/inbox/messages/{item['id']}/raw"))
        return list(seen.values())

    return read


def in_smtp(server: SmtpServer) -> Arrivals:
    return lambda: [Arrival(mail.recipients, mail.raw) for mail in list(server.mails)]


def in_ses(server: SesServer) -> Arrivals:
    return lambda: [Arrival(mail.recipients, mail.raw) for mail in list(server.mails)]


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - the stack's own address
        content: bytes = answer.read()
        return content
