"""Which headers a client may set. Postroom and the provider own those that route, sign or date a message."""

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from postroom_domain.errors import InvalidHeader
from postroom_domain.limits import MAX_HEADER_VALUE

_NAME = re.compile(r"[!-9;-~]{1,76}")  # RFC 5322 2.2: printable ASCII without the colon

_LONGEST_ENCODED = 1_000
"""The library's reader takes time that grows with the square; no name or title comes near."""
_FOLD = re.compile(r"\r?\n(?=[ \t])")  # RFC 5322 2.2.3

OWNED = frozenset(
    {
        "bcc",
        "cc",
        "content-disposition",
        "content-id",
        "content-transfer-encoding",
        "content-type",
        "date",
        "dkim-signature",
        "from",
        "message-id",
        "mime-version",
        "received",
        "reply-to",
        "return-path",
        "sender",
        "subject",
        "to",
    }
)
_OWNED_PREFIXES = ("x-ses-", "x-postroom-", "resent-", "content-")


def check_header(name: str, value: str) -> None:
    """Refuse what would break the message or inject another header.

    Raises:
        InvalidHeader: naming the header, never its value.
    """
    if not _NAME.fullmatch(name):
        raise InvalidHeader("A header name must be 1 to 76 printable ASCII characters without space or colon.")
    lowered = name.lower()
    if lowered in OWNED or lowered.startswith(_OWNED_PREFIXES):
        raise InvalidHeader(f"The header `{name}` is set by the service and cannot be given.")
    if len(value) > MAX_HEADER_VALUE:
        raise InvalidHeader(f"The value of the header `{name}` is longer than {MAX_HEADER_VALUE} characters.")
    if has_control(value):
        raise InvalidHeader(f"The value of the header `{name}` holds a line break or a control character.")


def unfold(value: str) -> str:
    """On one line what a client folded for the wire, as PHP's mailers do."""
    return _FOLD.sub("", value)


def decode_words(value: str) -> str:
    """What the encoded words of RFC 2047 say, if there are any: rendering encodes what needs it, once."""
    if "=?" not in value or len(value) > _LONGEST_ENCODED:
        return value
    try:
        decoded = str(make_header(decode_header(value))).strip()
        decoded.encode()  # some charsets can spell half of a surrogate pair
    except (HeaderParseError, LookupError, ValueError):
        return value
    return value if has_control(decoded) or not decoded else decoded


def has_control(text: str) -> bool:
    """Whether a line break or another control character is in it (a tab is none: folding white space)."""
    return not text.isprintable() and any(
        (character < " " and character != "\t") or "\x7f" <= character <= "\x9f" or character in "\u2028\u2029"
        for character in text
    )
