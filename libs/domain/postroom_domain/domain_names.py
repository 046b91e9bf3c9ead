"""Names of domains as senders use them: lower case, punycode, at least two labels."""

import re

from postroom_domain.addresses import parse_mailbox
from postroom_domain.errors import InvalidAddress, InvalidDomain

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_NAME = 253  # RFC 1035: what DNS can hold
_LONGEST_LABEL = 63
MAX_DOMAIN = _LONGEST_NAME - _LONGEST_LABEL - 1
"""So that every record below it can be named."""


def parse_domain(text: str) -> str:
    """Read a domain's name, exactly as the domain of a sender's address is read, so that both are equal.

    Raises:
        InvalidDomain: it is no host name that mail can come from.
    """
    if "@" in text:
        raise InvalidDomain("It must be a domain such as `example.com`, not an address.")
    try:
        name = parse_mailbox(f"postmaster@{text.strip()}").domain
    except InvalidAddress:
        raise InvalidDomain("It must be the name of a domain, such as `example.com`.") from None
    if "." not in name:
        raise InvalidDomain("It must have at least two labels, such as `example.com`.")
    if len(name) > MAX_DOMAIN:
        raise InvalidDomain(f"It must have at most {MAX_DOMAIN} characters.")
    return name


def parse_label(text: str) -> str:
    """Read one label of a host name: the part between two dots.

    Raises:
        InvalidDomain: it is none.
    """
    label = text.strip().lower()
    if not _LABEL.fullmatch(label):
        raise InvalidDomain(f"It must be 1 to {_LONGEST_LABEL} ASCII letters, digits and dashes, such as `send`.")
    return label
