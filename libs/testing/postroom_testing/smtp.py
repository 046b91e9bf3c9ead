import asyncio
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from postroom_testing.server import free_port

MAX_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """`raw` as the mail server would store it: dot-stuffing undone, lines ended by CRLF."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


class SmtpServer:
    """A mail server on loopback, or on another address of this machine; what it must do wrong is set on it at any time.

    Attributes:
        mails: what was accepted, in order.
        sessions: how many connections came.
        replies: answers other than yes, by stage: "MAIL", "DATA" (after the body), a recipient's address.
        drops: where to cut the connection: "MAIL", "BODY" (asked for, not read), "DATA" (accepted).
        silences: "DATA": the mail is accepted, the answer never comes.

    Args:
        host: where it listens.
        certificate: paths of certificate and key; with them it offers STARTTLS.
        implicit_tls: speak TLS from the first byte instead.
        login: (user, password) that it insists on.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        *,
        certificate: tuple[Path, Path] | None = None,
        implicit_tls: bool = False,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.mails: list[ReceivedMail] = []
        self.sessions = 0
        self.replies: dict[str, str] = {}
        self.drops: set[str] = set()
        self.silences: set[str] = set()
        self.host = host
        self.port = free_port()
        self.login = login
        self._live: set[asyncio.BaseTransport] = set()
        self._live_lock = threading.Lock()
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
        self._scheme = "smtps" if implicit_tls else "smtp"
        self._controller = _Controller(
            self,
            context=context,
            implicit_tls=implicit_tls,
        )

    def mail_url(self, *, tls: str | None = None, host: str | None = None) -> str:
        login = ":".join(quote(word, safe="") for word in self.login) + "@" if self.login else ""
        query = f"?tls={tls}" if tls else ""
        return f"{self._scheme}://{login}{host or self.host}:{self.port}{query}"

    def hang_up(self) -> None:
        """Cut every open connection, as a server does that finds a client idle for too long."""
        with self._live_lock:
            live = list(self._live)
        for transport in live:
            self._controller.loop.call_soon_threadsafe(transport.close)

    def count_live(self) -> int:
        with self._live_lock:
            return len(self._live)

    def start(self) -> None:
        self._controller.start()
        # To see whether it is up, aiosmtpd has just called on itself.
        self.sessions = 0

    def close(self) -> None:
        self._controller.stop(no_assert=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def enter(self, transport: asyncio.BaseTransport) -> None:
        with self._live_lock:
            self.sessions += 1
            self._live.add(transport)

    def cut(self, protocol: SMTP) -> None:
        """Break the connection that an aiosmtpd protocol serves, without a goodbye."""
        if isinstance(protocol.transport, asyncio.Transport):
            protocol.transport.abort()

    def leave(self, transport: asyncio.BaseTransport | None) -> None:
        with self._live_lock:
            self._live -= {transport}


class _Protocol(SMTP):
    def __init__(self, mail_server: SmtpServer, *arguments: Any, **options: Any) -> None:
        self._mail_server = mail_server
        self._own_transport: asyncio.BaseTransport | None = None
        super().__init__(*arguments, **options)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._own_transport is None:
            self._own_transport = transport
            self._mail_server.enter(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._mail_server.leave(self._own_transport)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd looks for this name
        if "BODY" in self._mail_server.drops:
            await self.push("354 go on")
            self._mail_server.cut(self)
            return
        await super().smtp_DATA(arg)


class _Handler:
    def __init__(self, mail_server: SmtpServer) -> None:
        self._mail_server = mail_server

    async def handle_MAIL(  # noqa: N802 - aiosmtpd looks for this name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._mail_server.login is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if "MAIL" in self._mail_server.drops:
            self._mail_server.cut(server)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._mail_server.replies.get("MAIL", "250 2.1.0 OK")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, _server: Any, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self._mail_server.replies.get(address, "250 2.1.5 OK")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return reply

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks for this name
        self, server: Any, _session: Session, envelope: Envelope
    ) -> str:
        reply = self._mail_server.replies.get("DATA", "250 2.0.0 accepted")
        if reply.startswith("2"):
            mail = ReceivedMail(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.original_content or b"")
            self._mail_server.mails.append(mail)
        if "DATA" in self._mail_server.drops:
            self._mail_server.cut(server)
        if "DATA" in self._mail_server.silences:
            await asyncio.Event().wait()
        return reply


class _Controller(Controller):
    def __init__(self, mail_server: SmtpServer, *, context: ssl.SSLContext | None, implicit_tls: bool) -> None:
        self._mail_server = mail_server
        super().__init__(
            _Handler(mail_server),
            hostname=mail_server.host,
            port=mail_server.port,
            ssl_context=context if implicit_tls else None,
        )
        self._start_tls = context if not implicit_tls else None

    def factory(self) -> _Protocol:
        return _Protocol(
            self._mail_server,
            self.handler,
            data_size_limit=MAX_BYTES,
            hostname="mail.test",
            loop=self.loop,
            tls_context=self._start_tls,
            authenticator=self._authenticate,
            auth_require_tls=self._start_tls is not None,
        )

    def _authenticate(self, _server: Any, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> Any:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given is not None and given == self._mail_server.login, handled=False)
