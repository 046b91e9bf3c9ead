"""Somebody who is to be forgotten, and how they are recognised."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from postroom_domain.addresses import parse_mailbox
from postroom_domain.errors import InvalidAddress
from postroom_domain.suppressions import suppressed_form


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever reads mail at an address, however that is written: as suppressions compare addresses.

    Args:
        address: as ``parse_mailbox`` gives it.

    Attributes:
        form: as a suppression would hold it.
        spellings: in lower case, as words of a provider may hold it: the domain in punycode, and as people read it.
        marks: any spelling holds one of them, in lower case.
    """

    address: str = field(repr=False)

    @property
    def form(self) -> str:
        return suppressed_form(self.address)

    @property
    def spellings(self) -> tuple[str, ...]:
        local, _, domain = self.form.rpartition("@")
        try:
            read = domain.encode("ascii").decode("idna")
        except UnicodeError:  # a label that only looks like punycode
            read = domain
        return tuple(dict.fromkeys((self.form, f"{local}@{read}")))

    @property
    def marks(self) -> tuple[str, ...]:
        # A client may quote a local part that needs none, and escape in it what needs none (RFC 5322, 3.2.4): where
        # one is quoted, only reading it tells whose it is.
        return (self.form.rpartition("@")[0] + "@", '"@')

    def owns(self, mailbox: str) -> bool:
        """Whether a mailbox, such as an entry of To, is theirs."""
        try:
            return suppressed_form(parse_mailbox(mailbox).address) == self.form
        except InvalidAddress:
            return any(spelling in mailbox.lower() for spelling in self.spellings)

    def is_among(self, mailboxes: Iterable[str] | None) -> bool:
        return any(self.owns(mailbox) for mailbox in mailboxes or ())

    def without(self, mailboxes: Iterable[str] | None) -> list[str]:
        """The others of them."""
        return [mailbox for mailbox in mailboxes or () if not self.owns(mailbox)]
