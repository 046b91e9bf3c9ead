from enum import StrEnum


class ProviderJobKind(StrEnum):
    """What a provider can be told or asked beside mail. The subject is named with each."""

    VERIFY_DOMAIN = "verify_domain"
    """A domain's id: register it, then look how its verification stands, again and again."""
    REMOVE_DOMAIN = "remove_domain"
    """A domain's name: it is no longer ours."""
    UNSUPPRESS = "unsuppress"
    """An address: take it off the provider's own list for the account."""
