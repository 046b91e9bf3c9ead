"""How a body travels: as it is where it can, else quoted-printable or base64, whichever is shorter (RFC 2045)."""

import base64
import binascii
import re
from typing import NamedTuple

_LONGEST_LINE = 998  # RFC 5322 2.1.1, without CRLF
_NEWLINE = re.compile(rb"\r\n|\r|\n")
_UNSAFE = re.compile(rb"[^\t\r\n -~]|[ \t](?=\r\n|\Z)")  # not ASCII, or white space that relays cut
_MBOX_FROM = re.compile(rb"(?m)^From ")


class EncodedText(NamedTuple):
    transfer_encoding: str
    lines: bytes


def encode_text(body: bytes) -> EncodedText:
    """Encode UTF-8 text. Line breaks become CRLF, as in all mail; every other byte arrives as it was."""
    canonical = _NEWLINE.sub(b"\r\n", body)
    if _travels_plain(canonical):
        return EncodedText("7bit", canonical)
    quoted = _MBOX_FROM.sub(b"=46rom ", binascii.b2a_qp(canonical, quotetabs=False, istext=True))
    if len(quoted) <= len(canonical) * 4 // 3:
        return EncodedText("quoted-printable", quoted)
    return EncodedText("base64", base64.encodebytes(canonical))


def _travels_plain(canonical: bytes) -> bool:
    return (
        _UNSAFE.search(canonical) is None
        and _MBOX_FROM.search(canonical) is None
        and max(map(len, canonical.split(b"\r\n"))) <= _LONGEST_LINE
    )
