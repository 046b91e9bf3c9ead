"""What a provider can be told and asked beside mail. Light: these types need no provider's library."""

from dataclasses import dataclass, field
from typing import Protocol

from postroom_domain.domain_states import RecordState
from postroom_domain.quotas import Quota


@dataclass(frozen=True, slots=True)
class Signer:
    """The DKIM key that a domain's mail is to be signed with.

    Attributes:
        private_key: PKCS #1 in base64.
    """

    selector: str
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """A domain as the provider has it.

    Attributes:
        selector: of the key that it signs with; None: a key of its own, which nobody else made.
        dkim: what it found of that key's record.
        return_path_domain: where bounces go; None: the provider's own domain.
        return_path: what it found of that domain's records.
    """

    selector: str | None
    dkim: RecordState
    return_path_domain: str | None
    return_path: RecordState


class Provider(Protocol):
    """Used by many threads at once. Every call can be made twice.

    Each raises ProviderAway when it may work later, and ProviderRefused when it never will.
    """

    def find_identity(self, name: str) -> Identity | None: ...

    def add_identity(self, name: str, signer: Signer) -> None:
        """Begin to verify a domain; one that is there already stays as it is."""
        ...

    def renew_signer(self, name: str, signer: Signer) -> None:
        """Look for the key's record anew, after it was looked for in vain."""
        ...

    def set_return_path(self, name: str, domain: str) -> None:
        """Have bounces go to this domain, once its records are found, and look for them anew."""
        ...

    def remove_identity(self, name: str) -> None:
        """Forget a domain; none of that name is fine."""
        ...

    def unsuppress(self, address: str) -> None:
        """Take an address off the list of the account; one that is not on it is fine."""
        ...

    def read_quota(self) -> Quota:
        """How much mail the account may send."""
        ...

    def close(self) -> None:
        """Give back connections; can be called twice."""
        ...
