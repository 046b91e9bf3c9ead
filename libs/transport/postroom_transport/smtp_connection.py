"""Opening a connection to a mail server: greeting, encryption, login (RFC 5321, 3207, 4954)."""

import enum
import ipaddress
import re
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass

from postroom_transport.errors import TransportError

QUALIFIED_NAME = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
# What smtplib raises where a connection fails, breaks or times out.
ConnectionTrouble = (OSError, smtplib.SMTPException)


class Tls(enum.Enum):
    REQUIRED = "required"
    OPPORTUNISTIC = "opportunistic"
    OFF = "off"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where the server is and how to enter. Has no repr: it holds a password."""

    host: str
    port: int
    user: str
    password: str
    tls: Tls


class ServerRefusedError(TransportError):
    """The server answered no, at a point where nothing was handed over."""

    def __init__(self, code: int, text: bytes | str) -> None:
        super().__init__(describe(code, text))
        self.code = code


def open_connection(address: Address, *, context: ssl.SSLContext, deadline: float) -> smtplib.SMTP:
    """Connect, encrypt and log in.

    `deadline` is on time.monotonic(). Raises TransportError where the server does not offer what is asked
    for, and OSError or SMTPException where it cannot be reached.
    """
    connection = _connect(address, context, deadline)
    try:
        limit(connection, deadline)
        connection.ehlo_or_helo_if_needed()
        _encrypt(connection, address, context, deadline)
        _log_in(connection, address, deadline)
    except BaseException:
        connection.close()
        raise
    return connection


def limit(connection: smtplib.SMTP, deadline: float) -> None:
    """Let the next wait end at the deadline; raises when that is past or the connection is lost."""
    if connection.sock is None:
        raise smtplib.SMTPServerDisconnected("connection lost")
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("the mail server took too long")
    connection.sock.settimeout(remaining)


def succeeded(code: int) -> bool:
    return code // 100 == 2  # noqa: PLR2004 - RFC 5321, 4.2.1: 2yz means done


def describe(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"


def _connect(address: Address, context: ssl.SSLContext, deadline: float) -> smtplib.SMTP:
    seconds = max(deadline - time.monotonic(), 0.001)
    # Some name must be passed, or smtplib looks up our own in the DNS, which can hang.
    if address.tls is Tls.IMPLICIT:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            address.host, address.port, local_hostname="localhost", timeout=seconds, context=context
        )
    else:
        connection = smtplib.SMTP(address.host, address.port, local_hostname="localhost", timeout=seconds)
    connection.local_hostname = _introduce(connection)
    return connection


def _introduce(connection: smtplib.SMTP) -> str:
    """Return what EHLO says: our full name, or where we have none the address literal (RFC 5321, 4.1.4)."""
    name = socket.gethostname()
    if QUALIFIED_NAME.fullmatch(name) or connection.sock is None:
        return name
    own = ipaddress.ip_address(connection.sock.getsockname()[0])
    return f"[{own}]" if isinstance(own, ipaddress.IPv4Address) else f"[IPv6:{own}]"


def _encrypt(connection: smtplib.SMTP, address: Address, context: ssl.SSLContext, deadline: float) -> None:
    if address.tls in {Tls.OFF, Tls.IMPLICIT}:
        return
    if not connection.has_extn("starttls"):
        if address.tls is Tls.REQUIRED:
            raise TransportError("the mail server offers no STARTTLS, which the mail URL requires (tls=)")
        return
    limit(connection, deadline)
    code, text = connection.starttls(context=context)
    if not succeeded(code):
        raise ServerRefusedError(code, text)
    limit(connection, deadline)
    connection.ehlo_or_helo_if_needed()


def _log_in(connection: smtplib.SMTP, address: Address, deadline: float) -> None:
    if not address.user:
        return
    if address.tls is not Tls.OFF and not isinstance(connection.sock, ssl.SSLSocket):
        raise TransportError("the mail server offers no STARTTLS; a password goes out in clear only with tls=off")
    limit(connection, deadline)
    try:
        connection.login(address.user, address.password)
    except smtplib.SMTPAuthenticationError as error:
        # "from None", here and below: what smtplib keeps in its errors may hold what was sent.
        raise ServerRefusedError(error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError:
        raise TransportError("the mail server offers no AUTH, and the mail URL has a user") from None
