"""Where a link leads, as a reader would want to see it."""

import re
from urllib.parse import unquote

_SHOWN_BARE = ("mailto:", "tel:", "sms:")
_NOWHERE = re.compile(r"#|/(?!/)|(?:javascript|vbscript|data|cid|file|about|blob):|\Z", re.IGNORECASE)
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff]+")
_DECORATION = re.compile(r"\A(?:https?:)?//(?:www\.)?|/\Z", re.IGNORECASE)
_LONGEST = 8_000
"""What is longer no browser opens, and nobody reads."""
_LONGEST_PHONE = 40
_NO_PHONE = re.compile(r"[^0-9+()/. -]")
_BETWEEN_DIGITS = re.compile(r"[^0-9+]+")


def shown_address(href: str) -> str:
    """The address without what only a program needs; empty when it leads nowhere outside the mail."""
    address = _UNREADABLE.sub("", href).strip() if len(href) <= _LONGEST else ""
    if _NOWHERE.match(address):
        return ""
    for scheme in _SHOWN_BARE:
        if address.lower().startswith(scheme):
            return " ".join(_UNREADABLE.sub("", unquote(address[len(scheme) :].partition("?")[0])).split())
    return "%20".join(address.split())


def says_the_same(text: str, address: str) -> bool:
    """Whether who reads the text needs no address behind it."""
    plain, other = (_DECORATION.sub("", value).casefold() for value in (text, address))
    return plain == other or (len(plain) < _LONGEST_PHONE and _digits(plain) == _digits(other) != "")


def _digits(value: str) -> str:
    return "" if _NO_PHONE.search(value) else _BETWEEN_DIGITS.sub("", value)
