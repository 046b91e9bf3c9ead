class TransportError(Exception):
    """The provider cannot be used as configured. The text: cause and cure, never a secret."""


class ProviderAway(Exception):  # noqa: N818 - it says what is wrong
    """The provider did not do it now; the same call may work later. The text: its own words, one line."""


class ProviderDenied(ProviderAway):
    """It answered that this process may not ask for that: its role or its credentials, which others mend."""


class ProviderRefused(Exception):  # noqa: N818 - likewise
    """The provider will never do it. The text: its own words, one line."""
