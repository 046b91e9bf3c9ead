import email.parser
import email.policy
import smtplib
import ssl
import threading
import time

from postroom_transport.errors import TransportError
from postroom_transport.message import MAX_RAW_BYTES, Message, Result, Verdict, same_for_all
from postroom_transport.smtp_connection import Address, ConnectionTrouble, open_connection
from postroom_transport.smtp_session import SmtpSession


class SmtpTransport:
    """Hands mail to one mail server.

    Connections are kept and used again; as many are open as threads have sent at once. Certificates are
    always verified, against the system's authorities or those that SSL_CERT_FILE names.

    Args:
        timeout_seconds: for one message, from connecting to the last answer.
    """

    name = "smtp"
    max_bytes = MAX_RAW_BYTES
    settles = False

    def __init__(self, address: Address, *, timeout_seconds: float) -> None:
        self._address = address
        self._timeout_seconds = timeout_seconds
        self._context = ssl.create_default_context()
        self._idle: list[SmtpSession] = []
        self._closed = False
        self._lock = threading.Lock()

    def send(self, message: Message) -> Result:
        if len(message.raw) > self.max_bytes:
            return Result(None, same_for_all(message, Verdict.PERMANENT, "the message is larger than 40 MB"))
        deadline = time.monotonic() + self._timeout_seconds
        try:
            session = self._take(deadline)
        except (TransportError, *ConnectionTrouble) as error:
            return Result(None, same_for_all(message, Verdict.TRANSIENT, _describe(error)))
        recipients = session.hand_over(message, deadline)
        self._give_back(session)
        sent = any(result.verdict is Verdict.SENT for result in recipients)
        return Result(read_message_id(message.raw) if sent else None, recipients)

    def check(self) -> str:
        where = f"{self._address.host}:{self._address.port}"
        try:
            SmtpSession(self._open(time.monotonic() + self._timeout_seconds)).close()
        except (TransportError, *ConnectionTrouble) as error:
            raise TransportError(
                f"the mail server {where} cannot be used: {_describe(error)}. "
                "Check host, port, user, password and tls= of the mail URL"
            ) from error
        return f"mail server {where}: connected{' and logged in' if self._address.user else ''}"

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()

    def _open(self, deadline: float) -> smtplib.SMTP:
        return open_connection(self._address, context=self._context, deadline=deadline)

    def _take(self, deadline: float) -> SmtpSession:
        while True:
            with self._lock:
                session = self._idle.pop() if self._idle else None
            if session is None:
                return SmtpSession(self._open(deadline))
            # The server may have hung up on an idle connection: found out here, before anything is handed
            # over.
            if session.is_alive(deadline):
                return session
            session.usable = False
            session.close()

    def _give_back(self, session: SmtpSession) -> None:
        with self._lock:
            keep = session.usable and not self._closed
            if keep:
                self._idle.append(session)
        if not keep:
            session.close()


def read_message_id(raw: bytes) -> str | None:
    """Return the Message-ID that the mail itself carries: with SMTP no server gives another."""
    header = raw[: raw.find(b"\r\n\r\n") + 4]
    value = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(header)["Message-ID"]
    return str(value).strip() if value is not None else None


def _describe(error: Exception) -> str:
    return str(error) if isinstance(error, TransportError) else f"{type(error).__name__}: {error}"
