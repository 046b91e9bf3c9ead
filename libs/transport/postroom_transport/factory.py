from typing import TYPE_CHECKING, TypedDict
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from postroom_transport.inbox import InboxStore, InboxTransport
from postroom_transport.message import Transport
from postroom_transport.provider import Provider

if TYPE_CHECKING:
    from postroom_transport.ses_inspection import SesInspection

SMTP_PORT = 25
SUBMISSION_PORT = 587
SUBMISSIONS_PORT = 465


class _Ses(TypedDict):
    region: str
    configuration_set: str | None
    endpoint: str | None


def open_transport(url: str, *, timeout_seconds: float, inbox_store: InboxStore | None) -> Transport:
    """Return the transport that a POSTROOM_MAIL_URL names; nothing is connected yet.

    A provider's module is imported only when its scheme is used. Raises ValueError, whose text never holds
    the URL, because that may hold a password.
    """
    parts, port = _split(url)
    match parts.scheme:
        case "inbox":
            return _open_inbox(inbox_store)
        case "smtp" | "smtps":
            return _open_smtp(parts, port, timeout_seconds)
        case "ses":
            return _open_ses(parts, timeout_seconds)
        case _:
            raise ValueError("the mail URL must begin with ses://, smtp://, smtps:// or be inbox:")


def open_provider(url: str, *, timeout_seconds: float) -> Provider | None:
    """Return what can be told of domains and suppressions by this POSTROOM_MAIL_URL; None: its transport knows of none.

    Nothing is connected yet. Raises ValueError as open_transport does.
    """
    parts, _ = _split(url)
    if parts.scheme != "ses":
        return None
    from postroom_transport.ses import open_identities  # noqa: PLC0415 - see open_transport

    return open_identities(**_read_ses(parts), timeout_seconds=timeout_seconds)


def open_inspection(url: str, *, timeout_seconds: float) -> "tuple[SesInspection, str | None] | None":
    """Return SES, to be looked at, and the configuration set, of this POSTROOM_MAIL_URL; None: it is not SES.

    Nothing is connected yet. Raises ValueError as open_transport does.
    """
    parts, _ = _split(url)
    if parts.scheme != "ses":
        return None
    from postroom_transport.ses import open_inspection as open_ses  # noqa: PLC0415 - see open_transport

    read = _read_ses(parts)
    return open_ses(**read, timeout_seconds=timeout_seconds), read["configuration_set"]


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # "from None": urllib puts pieces of the URL into its message.
        raise ValueError("the mail URL cannot be parsed") from None
    return parts, port


def _open_inbox(store: InboxStore | None) -> Transport:
    if store is None:
        raise ValueError("inbox: needs a store, which this process does not have")
    return InboxTransport(store)


def _open_smtp(parts: SplitResult, port: int | None, timeout_seconds: float) -> Transport:
    from postroom_transport.smtp import SmtpTransport  # noqa: PLC0415 - see open_transport
    from postroom_transport.smtp_connection import Address, Tls  # noqa: PLC0415 - see open_transport

    if not parts.hostname:
        raise ValueError("the mail URL names no host")
    if parts.scheme == "smtps":
        _read_query(parts, allowed=set())
        port, tls = port or SUBMISSIONS_PORT, Tls.IMPLICIT
    else:
        port = port or (SUBMISSION_PORT if parts.username else SMTP_PORT)
        default = Tls.REQUIRED if port == SUBMISSION_PORT else Tls.OPPORTUNISTIC
        word = _read_query(parts, allowed={"tls"}).get("tls", default.value)
        if word not in {Tls.REQUIRED.value, Tls.OPPORTUNISTIC.value, Tls.OFF.value}:
            raise ValueError("tls= in the mail URL must be required, opportunistic or off")
        tls = Tls(word)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return SmtpTransport(Address(parts.hostname, port, user, password, tls), timeout_seconds=timeout_seconds)


def _open_ses(parts: SplitResult, timeout_seconds: float) -> Transport:
    from postroom_transport.ses import SesTransport  # noqa: PLC0415 - see open_transport

    return SesTransport(**_read_ses(parts), timeout_seconds=timeout_seconds)


def _read_ses(parts: SplitResult) -> _Ses:
    if not parts.hostname:
        raise ValueError("the mail URL names no region: ses://eu-west-1?configuration_set=NAME")
    if parts.username is not None or parts.password is not None:
        raise ValueError("credentials do not go into a ses:// URL: boto3 finds them itself (role, profile, AWS_*)")
    query = _read_query(parts, allowed={"configuration_set", "endpoint"})
    return {
        "region": parts.hostname,
        "configuration_set": query.get("configuration_set"),
        "endpoint": query.get("endpoint"),
    }


def _read_query(parts: SplitResult, *, allowed: set[str]) -> dict[str, str]:
    fields = parse_qs(parts.query, keep_blank_values=True)
    if not fields.keys() <= allowed:
        names = ", ".join(sorted(allowed)) or "none"
        raise ValueError(f"the parameters that this mail URL may have: {names}")
    if any(len(values) > 1 or not values[0] for values in fields.values()):
        raise ValueError("a parameter of the mail URL is empty or given twice")
    return {name: values[0] for name, values in fields.items()}
