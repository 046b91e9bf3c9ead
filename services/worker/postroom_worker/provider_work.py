"""Telling the provider, and asking it, what is not mail: one job at a time, each claimed, none forgotten."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from loguru import logger
from sqlalchemy import Connection

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_database.repositories import provider_jobs
from postroom_database.repositories.provider_jobs import ClaimedJob
from postroom_database.writing import write
from postroom_domain.provider_jobs import ProviderJobKind, RemovedDomain
from postroom_domain.retries import backoff_seconds
from postroom_transport.errors import ProviderAway, ProviderRefused
from postroom_transport.provider import Provider
from postroom_worker.domain_look import DomainLook
from postroom_worker.job_ending import DONE, Ending
from postroom_worker.lease_writing import write_while_held
from postroom_worker.metrics import HINTS_LEFT, LEASES_HELD
from postroom_worker.quota_reading import read_quota

CALLS_PER_JOB = 6
"""The most calls to the provider that one job makes: what its lease must outlast."""


@dataclass(frozen=True, slots=True)
class ProviderWork:
    """What an actor does with the id of a job.

    Args:
        database: the truth.
        provider: who is told and asked; None: the transport knows nothing but mail, and jobs are done at once.
        look: what is done for a domain that is to be verified.
        lease_seconds: how long a job is ours; longer than all its calls may take.
    """

    database: Database
    provider: Provider | None
    look: DomainLook
    lease_seconds: float

    def work(self, job_id: UUID) -> None:
        """Do a job once, if it is due and nobody else holds it.

        Raises:
            DatabaseUnavailable: nothing was claimed.
        """
        claimed_at = time.monotonic()
        job = write(
            self.database,
            lambda connection: provider_jobs.claim(connection, job_id, lease_seconds=self.lease_seconds),
        )
        if job is None:
            logger.debug("hint.skipped", job_id=str(job_id))
            return
        with (
            logger.contextualize(
                request_id=job.request_id, workspace_id=str(job.workspace_id), job_id=str(job_id), kind=job.kind.value
            ),
            LEASES_HELD.labels("provider_job").track_inprogress(),
        ):
            ending = self._attempt(job)
            write_while_held(
                self.database,
                lambda connection: _end(connection, job, ending),
                kind="provider_job",
                lease_ends_at=claimed_at + self.lease_seconds,
                attempt=job.attempt,
                may_be_lost=True,  # the client asked again meanwhile, most likely
            )

    def leave(self, job_ids: Sequence[UUID]) -> None:
        """Give up the hints of jobs that were not begun, so that another worker is told of them at once."""
        write(self.database, lambda connection: _forget(connection, job_ids))
        HINTS_LEFT.labels("provider_job").inc(len(job_ids))

    def _attempt(self, job: ClaimedJob) -> Ending:
        try:
            return self._kinds()[job.kind](job)
        except (ProviderAway, DatabaseUnavailable) as problem:
            ending = _again(job)
            logger.warning(
                "provider_job.postponed",
                attempt=job.attempt,
                reason=str(problem),
                retry_in_seconds=round(ending.again_in_seconds or 0, 1),
            )
            return ending
        except ProviderRefused as problem:
            logger.error("provider_job.failed", attempt=job.attempt, reason=str(problem))
            return DONE
        except Exception:  # a fault of ours must neither lose the job nor stop the worker
            logger.exception("provider_job.failed", attempt=job.attempt)
            return _again(job)

    def _kinds(self) -> dict[ProviderJobKind, Callable[[ClaimedJob], Ending]]:
        return {
            ProviderJobKind.VERIFY_DOMAIN: self.look.look,
            ProviderJobKind.REMOVE_DOMAIN: self._remove_domain,
            ProviderJobKind.UNSUPPRESS: self._unsuppress,
            ProviderJobKind.READ_QUOTA: lambda _: read_quota(self.provider),
        }

    def _remove_domain(self, job: ClaimedJob) -> Ending:
        removed = RemovedDomain.parse(job.subject)
        identity = None if self.provider is None else self.provider.find_identity(removed.name)
        if self.provider is None or identity is None:
            return DONE
        if identity.selector != removed.selector:
            logger.info("identity.kept", reason="it was not made by Postroom, or not for this domain")
            return DONE
        self.provider.remove_identity(removed.name)
        logger.info("identity.removed")
        return DONE

    def _unsuppress(self, job: ClaimedJob) -> Ending:
        if self.provider is not None:
            self.provider.unsuppress(job.subject)
            logger.info("suppression.lifted")
        return DONE


def _forget(connection: Connection, job_ids: Sequence[UUID]) -> None:
    for job_id in job_ids:
        provider_jobs.forget_hint(connection, job_id)


def _end(connection: Connection, job: ClaimedJob, ending: Ending) -> None:
    if ending.note is not None:
        ending.note(connection)
    if ending.again_in_seconds is None:
        provider_jobs.finish(connection, job)
    else:
        provider_jobs.postpone(connection, job, seconds=ending.again_in_seconds, went_well=ending.went_well)


def _again(job: ClaimedJob) -> Ending:
    return Ending(again_in_seconds=backoff_seconds(job.attempt), went_well=False)
