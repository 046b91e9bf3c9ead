"""Mail addresses as clients write them: ``email@example.com`` or ``Name <email@example.com>``."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from postroom_domain.errors import InvalidAddress
from postroom_domain.headers import decode_words, has_control
from postroom_domain.limits import MAX_ADDRESS


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, empty when there is none, and an address in ASCII (the domain in punycode)."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@lru_cache(maxsize=4096)  # a sender writes from few addresses
def parse_mailbox(text: str) -> Mailbox:
    """Read one address.

    The name may hold what RFC 5322 would want quoted (``Acme, Inc. <a@b.c>``): clients write it so; or it may be in
    the encoded words of RFC 2047.
    The local part must be ASCII, because SES takes no other; the domain may be any IDN.

    Raises:
        InvalidAddress: with what is wrong, without repeating the address.
    """
    if len(text) > MAX_ADDRESS:
        raise InvalidAddress(f"The address is longer than {MAX_ADDRESS} characters.")
    if has_control(text) or "\t" in text:
        raise InvalidAddress("The address holds a control character.")
    name, address = _split(text.strip())
    try:
        checked = validate_email(
            address,
            allow_smtputf8=False,
            allow_quoted_local=True,
            check_deliverability=False,
            test_environment=True,  # `.test` names are for trying things out (RFC 6761); the transport judges
        )
    except EmailNotValidError as problem:
        raise InvalidAddress(str(problem)) from None
    return Mailbox(name=name, address=checked.ascii_email or checked.normalized)


def bare_addresses(mailboxes: Iterable[str]) -> list[str]:
    """The address of each, once: an envelope, when they are To, Cc and Bcc together.

    Raises:
        InvalidAddress: one of them is none.
    """
    return list(dict.fromkeys(parse_mailbox(text).address for text in mailboxes))


def _split(text: str) -> tuple[str, str]:
    if not text.endswith(">"):
        return "", text
    name, opening, address = text[:-1].rpartition("<")
    if not opening:
        raise InvalidAddress("There is a > without a <.")
    name = name.strip()
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    else:  # anymail so sends a name that holds a comma
        name = decode_words(name)
    return name, address.strip()
