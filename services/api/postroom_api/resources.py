"""What main.py opens, and the routes are given."""

import time

from postroom_api.access import Access
from postroom_api.authentication import Keyring
from postroom_api.hinter import Hinter
from postroom_api.intake import Intake
from postroom_api.key_use import KeyUse
from postroom_api.rate_limit import RateLimit
from postroom_api.senders import Senders
from postroom_api.terms import Terms
from postroom_database.engine import Database
from postroom_health.backing_service import BackingService

_LAST_WORDS_SECONDS = 2.0


class Resources:
    """Opened once for a process.

    Args:
        database: the truth.
        redis_url: where requests are counted.
        hinter: tells workers of new emails.
        intake: makes emails durable.
        terms: what an operator decided.
        redis: where it is noted whether Redis answers.
    """

    def __init__(
        self,
        database: Database,
        redis_url: str,
        hinter: Hinter,
        intake: Intake,
        terms: Terms,
        redis: BackingService,
    ) -> None:
        self.database = database
        self.hinter = hinter
        self.intake = intake
        self.terms = terms
        self.key_use = KeyUse(database)
        self.rate_limit = RateLimit(redis_url, terms.requests_per_second, redis)
        self.access = Access(Keyring(database, development=terms.uses_inbox), self.key_use, self.rate_limit)
        self.senders = Senders(database, verified_only=terms.verified_only)

    def start(self) -> None:
        """Begin to work; called on the event loop that requests run on."""
        self.hinter.start()
        self.intake.start()
        self.key_use.start()

    async def stop(self, timeout_seconds: float) -> None:
        """Finish what was begun, once the last request was answered."""
        deadline = time.monotonic() + timeout_seconds
        self.intake.stop(timeout_seconds)
        for ending in (self.hinter, self.key_use):
            ending.stop(min(_LAST_WORDS_SECONDS, max(0.0, deadline - time.monotonic())))
        await self.rate_limit.close()
