"""What becomes of a message of the provider."""

from enum import StrEnum


class MessageResult(StrEnum):
    ACCOUNTED = "accounted"
    WITHOUT_EFFECT = "without_effect"
    """It names no email of Postroom."""
    UNMATCHED = "unmatched"
    """It names an email that is not there."""
    UNEXPECTED = "unexpected"
    """It names an email that was never handed over."""
    UNREADABLE = "unreadable"
    """It is not what the provider documents."""


KEPT = frozenset({MessageResult.UNMATCHED, MessageResult.UNEXPECTED, MessageResult.UNREADABLE})
"""What is kept whole until an operator has it tried again, or it is forgotten for its age."""
