class EgressError(Exception):
    """A request to an address that a client named did not succeed.

    The text can be shown to that client: it holds no part of the URL, and nothing of our network.
    """


class Refused(EgressError):  # noqa: N818 - reads as what happened, beside Unreachable
    """Permanent: trying again will not help."""


class Unreachable(EgressError):  # noqa: N818 - reads as what happened, beside Refused
    """Transient: no address, no connection, no whole answer in time, or the server's own trouble."""
