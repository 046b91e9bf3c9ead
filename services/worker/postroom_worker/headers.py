"""Header values in ASCII: RFC 2047 for words, RFC 2231 for parameters, folded lines."""

from collections.abc import Iterable
from email.header import Header
from email.utils import formataddr
from urllib.parse import quote

from postroom_domain.addresses import Mailbox

_LINE = 76
_LONGEST_TOKEN = 900
_SEGMENT = 60


def encode_words(value: str, header_name: str) -> Header:
    """Free text: a subject, or a client's own header."""
    return Header(value, "us-ascii" if _is_plain(value) else "utf-8", maxlinelen=_LINE, header_name=header_name)


def encode_mailboxes(mailboxes: Iterable[Mailbox], header_name: str) -> Header:
    """Addresses with their names; the names alone are encoded, so that the address stays readable to machines."""
    header = Header(maxlinelen=_LINE, header_name=header_name)
    mailboxes = tuple(mailboxes)
    for index, mailbox in enumerate(mailboxes, start=1):
        comma = "," if index < len(mailboxes) else ""
        if not mailbox.name or _is_plain(mailbox.name):
            header.append(formataddr((mailbox.name, mailbox.address)) + comma, "us-ascii")
        else:
            header.append(mailbox.name, "utf-8")
            header.append(f"<{mailbox.address}>{comma}", "us-ascii")
    return header


def disposition(kind: str, filename: str) -> str:
    """``Content-Disposition`` with the file's name; one that is not ASCII goes in RFC 2231 segments."""
    if filename.isascii() and len(filename) <= _SEGMENT:
        escaped = filename.replace("\\", "\\\\").replace('"', '\\"')
        return f'{kind}; filename="{escaped}"'
    encoded = quote(filename, safe="")
    segments = _split(f"utf-8''{encoded}")
    return ";\r\n ".join([kind, *(f"filename*{index}*={segment}" for index, segment in enumerate(segments))])


def _split(text: str) -> list[str]:
    segments: list[str] = []
    while text:
        end = _SEGMENT
        while 0 < end < len(text) and "%" in text[end - 2 : end]:  # never inside %XX
            end -= 1
        segments.append(text[:end])
        text = text[end:]
    return segments


def _is_plain(value: str) -> bool:
    # What looks like an encoded word would be decoded; what cannot be folded would make a line too long.
    return value.isascii() and "=?" not in value and all(len(word) < _LONGEST_TOKEN for word in value.split())
