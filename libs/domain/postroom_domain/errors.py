"""Everything that can be wrong with what a client asks, whatever the transport of the question."""


class DomainError(Exception):
    """A rule of the domain is broken. The text is written for the client and holds nothing secret."""


class InvalidAddress(DomainError):  # noqa: N818 - the names say what is wrong, as the API's errors do
    """Not `email@example.com` or `Name <email@example.com>`, or not one that mail can reach."""


class InvalidHeader(DomainError):  # noqa: N818
    """A header name or value that may not be sent."""


class InvalidTag(DomainError):  # noqa: N818
    """A tag outside ``[A-Za-z0-9_-]{1,256}``."""


class InvalidTime(DomainError):  # noqa: N818
    """A time that is neither ISO 8601 nor understood English, or too far away."""


class InvalidDomain(DomainError):  # noqa: N818
    """Not the name of a domain that mail can come from, or not a label of one."""
