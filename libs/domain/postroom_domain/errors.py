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


class InvalidCron(DomainError):  # noqa: N818
    """No cron line, or one that never fires."""


class InvalidZone(DomainError):  # noqa: N818
    """Not the name of a time zone."""


class InvalidDomain(DomainError):  # noqa: N818
    """Not the name of a domain that mail can come from, or not a label of one."""


class NotSendable(DomainError):  # noqa: N818
    """An email that was checked once, and cannot be sent any more."""


class InvalidAlias(DomainError):  # noqa: N818
    """No name that a template can have beside its id."""


class InvalidTemplate(DomainError):  # noqa: N818
    """A text of a template that cannot be rendered. ``field`` says which."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class UndeclaredVariable(DomainError):  # noqa: N818
    """A placeholder whose variable the template does not declare."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The variable {key} is used, but not declared.")
        self.key = key


class InvalidVariable(DomainError):  # noqa: N818
    """A variable that a template cannot declare. ``part`` says which part of it is wrong."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(reason)
        self.part = part


class InvalidValue(DomainError):  # noqa: N818
    """A value that a variable cannot have."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key


class MissingValues(DomainError):  # noqa: N818
    """Variables that have neither a value nor a fallback."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__(f"There is neither a value nor a fallback for {', '.join(f'`{key}`' for key in keys)}.")
        self.keys = keys


class InvalidTopic(DomainError):  # noqa: N818
    """No topic of Amazon SNS, or not one whose messages can come by HTTP."""


class InvalidCertificate(DomainError):  # noqa: N818
    """Nothing that a signature could be checked with."""


class ForgedMessage(DomainError):  # noqa: N818
    """Not what Amazon SNS signed."""
