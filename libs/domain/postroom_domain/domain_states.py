from enum import StrEnum


class DomainState(StrEnum):
    """How far a domain's verification is, as clients see it."""

    NOT_STARTED = "not_started"
    PENDING = "pending"
    VERIFIED = "verified"
    PARTIALLY_VERIFIED = "partially_verified"
    """It may send; its return path is not verified (yet)."""
    PARTIALLY_FAILED = "partially_failed"
    """It may send; its return path cannot be verified."""
    FAILED = "failed"


class RecordState(StrEnum):
    """What the provider found of one thing that stands in DNS, as clients see it."""

    NOT_STARTED = "not_started"
    PENDING = "pending"
    VERIFIED = "verified"
    FAILED = "failed"
    TEMPORARY_FAILURE = "temporary_failure"


SENDING_STATES = (DomainState.VERIFIED, DomainState.PARTIALLY_VERIFIED, DomainState.PARTIALLY_FAILED)
"""DKIM is verified in all of them, which is what a provider asks for."""
