"""When a delivery that failed is tried again (Resend's documents, "Retries")."""

_MINUTE, _HOUR = 60, 3600
_WAITS = (5, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 10 * _HOUR)
"""Seconds, each after a failure."""

PATIENCE_SECONDS = 5 * 24 * _HOUR
"""A webhook is disabled when nothing else than failures came from it for so long."""


def retry_seconds(attempt: int) -> float | None:
    """How long to wait after a failure; None: it was the last attempt.

    Args:
        attempt: the one that failed, from 1.
    """
    return _WAITS[attempt - 1] if attempt <= len(_WAITS) else None
