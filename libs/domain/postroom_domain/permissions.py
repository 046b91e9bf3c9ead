from enum import StrEnum


class Permission(StrEnum):
    """What an API key may do."""

    FULL_ACCESS = "full_access"
    SENDING_ACCESS = "sending_access"
    """Send emails, alone or in batches, and nothing else."""
