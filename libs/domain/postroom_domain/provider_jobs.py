from enum import StrEnum
from typing import NamedTuple


class ProviderJobKind(StrEnum):
    """What a provider can be told or asked beside mail. The subject is named with each."""

    VERIFY_DOMAIN = "verify_domain"
    """A domain's id: register it, then look how its verification stands, again and again."""
    REMOVE_DOMAIN = "remove_domain"
    """A domain's name and the selector of its key (RemovedDomain): it is no longer ours."""
    UNSUPPRESS = "unsuppress"
    """An address: take it off the provider's own list for the account."""
    READ_QUOTA = "read_quota"
    """Nothing: ask how much mail the account may send, again and again."""


class RemovedDomain(NamedTuple):
    """The subject of a REMOVE_DOMAIN job: by its selector the provider's identity is known to be ours."""

    name: str
    selector: str

    def __str__(self) -> str:
        return f"{self.name} {self.selector}"

    @classmethod
    def parse(cls, subject: str) -> "RemovedDomain":
        name, _, selector = subject.partition(" ")
        return cls(name, selector)
