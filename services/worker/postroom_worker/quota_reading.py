"""Asking the provider how much mail it takes, and writing that down for all workers."""

from loguru import logger
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from postroom_database.engine import Database
from postroom_database.errors import is_duplicate
from postroom_database.repositories import provider_jobs, quotas
from postroom_domain.quotas import Quota
from postroom_transport.errors import ProviderAway, ProviderRefused
from postroom_transport.provider import Provider
from postroom_worker.job_ending import DONE, Ending

AGAIN_SECONDS = 60.0


def ask_for_reading(database: Database) -> None:
    """Have the quota read now, by whichever worker comes first.

    Raises:
        DatabaseUnavailable: nobody is asked.
    """
    try:
        with database.begin() as connection:
            provider_jobs.read_quota(connection)
    except IntegrityError as problem:
        if not is_duplicate(problem):
            raise


def read_quota(provider: Provider | None) -> Ending:
    """Ask once.

    Raises:
        ProviderAway: it did not say.
    """
    if provider is None:
        return DONE
    try:
        quota = provider.read_quota()
    except ProviderRefused as problem:
        # It is asked again whatever it said: without this job nobody would learn of a new quota.
        raise ProviderAway(str(problem)) from problem
    return Ending(again_in_seconds=AGAIN_SECONDS, note=lambda connection: _note(connection, quota))


def _note(connection: Connection, quota: Quota) -> None:
    before = quotas.read(connection)
    quotas.write(connection, quota)
    if before is None or _terms(before.quota) != _terms(quota):
        logger.log(
            "INFO" if quota.sending_enabled else "WARNING",
            "quota.read",
            per_second=quota.per_second,
            per_day=quota.per_day,
            sent_in_day=quota.sent_in_day,
            sending_enabled=quota.sending_enabled,
        )


def _terms(quota: Quota) -> tuple[float, float, bool]:
    """What changes seldom."""
    return quota.per_second, quota.per_day, quota.sending_enabled
