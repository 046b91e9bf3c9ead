"""Handing messages over to a mail server, one after the other on one connection (RFC 5321)."""

import contextlib
import smtplib
import time

from postroom_transport.message import Message, RecipientResult, Verdict
from postroom_transport.smtp_connection import (
    ConnectionTrouble,
    ServerRefusedError,
    describe,
    limit,
    succeeded,
)

START_MAIL_INPUT = 354
PERMANENT_CODES = 500
CLOSE_SECONDS = 2


class SmtpSession:
    """Not for two threads at once. Deadlines are on time.monotonic().

    Attributes:
        usable: False once the connection is lost or out of step.
    """

    def __init__(self, connection: smtplib.SMTP) -> None:
        self._connection = connection
        self.usable = True

    def is_alive(self, deadline: float) -> bool:
        """Forget what was said so far (RSET); False when the server has gone meanwhile."""
        try:
            limit(self._connection, deadline)
            code, _ = self._connection.rset()
        except ConnectionTrouble:
            return False
        return succeeded(code)

    def hand_over(self, message: Message, deadline: float) -> tuple[RecipientResult, ...]:
        """Send one message; whatever goes wrong is a verdict."""
        refused: dict[str, RecipientResult] = {}
        try:
            self._name_sender(message, deadline)
            for recipient in message.recipients:
                try:
                    self._ask(deadline, "RCPT", f"TO:<{recipient}>")
                except ServerRefusedError as error:
                    refused[recipient] = RecipientResult(recipient, judge(error.code), str(error))
            verdict, reason = Verdict.TRANSIENT, ""
            if len(refused) < len(message.recipients):
                verdict, reason = self._hand_over_body(message.raw, deadline)
        except ServerRefusedError as error:
            verdict, reason = judge(error.code), str(error)
        except ConnectionTrouble as error:
            self.usable = False
            verdict, reason = Verdict.TRANSIENT, f"{type(error).__name__}: {error}"
        return tuple(
            refused.get(recipient) or RecipientResult(recipient, verdict, reason) for recipient in message.recipients
        )

    def close(self) -> None:
        if self.usable:
            with contextlib.suppress(*ConnectionTrouble):
                limit(self._connection, time.monotonic() + CLOSE_SECONDS)
                self._connection.quit()
        self.usable = False
        self._connection.close()

    def _name_sender(self, message: Message, deadline: float) -> None:
        argument = f"FROM:<{message.sender}>"
        if self._connection.has_extn("size"):
            argument += f" SIZE={len(message.raw)}"
        if not message.raw.isascii() and self._connection.has_extn("8bitmime"):
            argument += " BODY=8BITMIME"
        self._ask(deadline, "MAIL", argument)

    def _hand_over_body(self, raw: bytes, deadline: float) -> tuple[Verdict, str]:
        limit(self._connection, deadline)
        code, text = self._connection.docmd("DATA")
        if code != START_MAIL_INPUT:
            raise ServerRefusedError(code, text)
        limit(self._connection, deadline)
        # Until the final dot is out, losing the connection loses the message too (RFC 5321, 4.1.1.4).
        self._connection.send(stuff_dots(raw))
        try:
            code, text = self._connection.getreply()
        except ConnectionTrouble as error:
            self.usable = False
            return Verdict.UNKNOWN, f"no answer after the message was sent: {type(error).__name__}: {error}"
        if succeeded(code):
            return Verdict.SENT, ""
        return judge(code), describe(code, text)

    def _ask(self, deadline: float, command: str, argument: str) -> None:
        limit(self._connection, deadline)
        code, text = self._connection.docmd(command, argument)
        if not succeeded(code):
            raise ServerRefusedError(code, text)


def judge(code: int) -> Verdict:
    return Verdict.PERMANENT if code >= PERMANENT_CODES else Verdict.TRANSIENT


def stuff_dots(raw: bytes) -> bytes:
    """Make a body for DATA: dots at the start of lines doubled, the final dot added (RFC 5321, 4.5.2)."""
    body = raw.replace(b"\n.", b"\n..")
    if body.startswith(b"."):
        body = b"." + body
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
