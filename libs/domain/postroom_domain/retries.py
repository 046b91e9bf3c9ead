"""When a transient failure is tried again."""

import random

FIRST_SECONDS = 2.0
LONGEST_SECONDS = 900.0


def backoff_seconds(attempt: int, draw: random.Random | None = None) -> float:
    """Seconds until the next attempt after ``attempt`` (from 1) failed: exponential, with full jitter.

    Full jitter (any point between zero and the bound) spreads a crowd that failed together; a floor of a
    tenth of the bound keeps a single email from coming straight back.
    """
    bound = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(attempt - 1, 30))
    chance = draw or random.SystemRandom()
    return chance.uniform(bound / 10, bound)
