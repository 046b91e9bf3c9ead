"""Looking how a domain's verification stands: registered with the provider if need be, never taken over."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from loguru import logger
from sqlalchemy import Connection

from postroom_database.engine import Database
from postroom_database.repositories import domains, provider_jobs
from postroom_database.repositories.domains import Verification
from postroom_database.repositories.provider_jobs import ClaimedJob
from postroom_domain.dns_records import return_path_domain
from postroom_domain.domain_states import SENDING_STATES, DomainState, RecordState
from postroom_domain.domain_verification import GIVE_UP_SECONDS, SHORTEST_PAUSE_SECONDS, judge_domain, pause_seconds
from postroom_domain.provider_jobs import RemovedDomain
from postroom_domain.retries import backoff_seconds
from postroom_domain.sealing import CannotUnseal, Seal
from postroom_transport.errors import ProviderAway, ProviderRefused
from postroom_transport.provider import Identity, Provider, Signer
from postroom_worker.job_ending import DONE, Ending

NOBODY_TO_ASK = "this transport verifies no domains; an operator can declare it: `domain declare`"
FOREIGN = (
    "the provider has this domain already, with a DKIM key that is not this one's; it was left as it is. An operator"
    " who knows whose it is can declare it: `domain declare`"
)
UNREADABLE_KEY = (
    "its DKIM key cannot be read: POSTROOM_SECRET_KEY has lost the key that it was sealed with. Put that back into the"
    " list, or have the client delete and add the domain"
)
NOT_FOUND_IN_TIME = "its DKIM record was not found within 72 hours"
NOT_FOUND = "its DKIM record was not found"


class _Foreign(Exception):  # noqa: N818 - it says what is wrong
    """Somebody else's identity stands under the name."""

    def __init__(self, selector: str | None) -> None:
        super().__init__(selector)
        self.selector = selector


@dataclass(frozen=True, slots=True)
class DomainLook:
    """What is done for a domain that is to be verified.

    Args:
        database: the truth.
        provider: who verifies; None: nobody does.
        seal: opens private keys.
    """

    database: Database
    provider: Provider | None
    seal: Seal

    def look(self, job: ClaimedJob) -> Ending:
        """Look once. Expected trouble is written on the domain, never raised.

        Raises:
            DatabaseUnavailable: the domain cannot be read.
        """
        domain_id = UUID(job.subject)
        with self.database.read() as connection:
            domain = domains.verification(connection, domain_id)
        if domain is None or domain.declared:
            return DONE
        if self.provider is None:
            return Ending(note=_keep(domain_id, domain, NOBODY_TO_ASK))
        with logger.contextualize(domain_id=str(domain_id)):
            return self._ask(self.provider, job, domain_id, domain)

    def _ask(self, provider: Provider, job: ClaimedJob, domain_id: UUID, domain: Verification) -> Ending:
        try:
            identity = self._registered(provider, domain)
        except _Foreign as found:
            return self._foreign(domain_id, domain, found.selector)
        except ProviderAway as problem:
            return _later(job, domain_id, domain, f"the provider cannot be asked now: {problem}")
        except CannotUnseal:
            logger.error("domain_key.not_opened", reason="POSTROOM_SECRET_KEY has lost its key")
            return _later(job, domain_id, domain, UNREADABLE_KEY)
        except ProviderRefused as problem:
            return _failed(domain_id, domain, f"the provider refuses it: {problem}")
        return _found(domain_id, domain, identity)

    def _registered(self, provider: Provider, domain: Verification) -> Identity:
        """The domain as the provider has it, told all that it must be told."""
        identity = provider.find_identity(domain.name)
        changed = identity is None
        if identity is None:
            provider.add_identity(domain.name, self._signer(domain))
            identity = _again(provider, domain)
        if identity.selector != domain.selector:
            raise _Foreign(identity.selector)
        if domain.dkim is RecordState.NOT_STARTED and identity.dkim in {RecordState.FAILED, RecordState.NOT_STARTED}:
            provider.renew_signer(domain.name, self._signer(domain))
            changed = True
        wanted = return_path_domain(domain.custom_return_path, domain.name)
        failed_before = domain.return_path is RecordState.NOT_STARTED and identity.return_path is RecordState.FAILED
        if identity.return_path_domain != wanted or failed_before:
            provider.set_return_path(domain.name, wanted)
            changed = True
        return _again(provider, domain) if changed else identity

    def _signer(self, domain: Verification) -> Signer:
        return Signer(domain.selector, self.seal.unseal(domain.private_key).decode())

    def _foreign(self, domain_id: UUID, domain: Verification, selector: str | None) -> Ending:
        if selector is not None:
            with self.database.read() as connection:
                leaving = provider_jobs.is_removing(connection, RemovedDomain(domain.name, selector))
            if leaving:  # an earlier owner deleted it, and the provider is just about to be told
                return Ending(again_in_seconds=SHORTEST_PAUSE_SECONDS)
        return _failed(domain_id, domain, FOREIGN)


def _again(provider: Provider, domain: Verification) -> Identity:
    identity = provider.find_identity(domain.name)
    if identity is None:
        raise ProviderAway("the identity is not there yet, or went away again")
    return identity


def _found(domain_id: UUID, domain: Verification, identity: Identity) -> Ending:
    status = judge_domain(identity.dkim, identity.return_path, before=domain.status)
    pause = pause_seconds(status, domain.waited_seconds)
    reason = NOT_FOUND if status is DomainState.FAILED else None
    if status is DomainState.PENDING and pause is None:
        return _failed(domain_id, domain, NOT_FOUND_IN_TIME)
    _tell(domain, status, pause)
    return Ending(
        again_in_seconds=pause,
        note=lambda connection: domains.note_verification(
            connection, domain_id, status, dkim=identity.dkim, return_path=identity.return_path, reason=reason
        ),
    )


def _failed(domain_id: UUID, domain: Verification, reason: str) -> Ending:
    _tell(domain, DomainState.FAILED, None, reason)
    failed = RecordState.FAILED
    return Ending(
        note=lambda connection: domains.note_verification(
            connection, domain_id, DomainState.FAILED, dkim=failed, return_path=failed, reason=reason
        )
    )


def _later(job: ClaimedJob, domain_id: UUID, domain: Verification, reason: str) -> Ending:
    """Trouble that may pass; a domain that may send keeps that, another one is given up in the end."""
    if domain.waited_seconds >= GIVE_UP_SECONDS and domain.status not in SENDING_STATES:
        return _failed(domain_id, domain, reason)
    seconds = backoff_seconds(job.attempt)
    logger.warning("provider_job.postponed", attempt=job.attempt, reason=reason, retry_in_seconds=round(seconds, 1))
    return Ending(again_in_seconds=seconds, went_well=False, note=_keep(domain_id, domain, reason))


def _keep(domain_id: UUID, domain: Verification, reason: str) -> Callable[[Connection], None]:
    """Writes a reason, and leaves the domain where it stands."""
    return lambda connection: domains.note_verification(
        connection, domain_id, domain.status, dkim=domain.dkim, return_path=domain.return_path, reason=reason
    )


def _tell(domain: Verification, status: DomainState, pause: float | None, reason: str | None = None) -> None:
    level = "DEBUG" if status is domain.status else "WARNING" if status is DomainState.FAILED else "INFO"
    logger.log(
        level,
        "domain.checked",
        before=domain.status.value,
        after=status.value,
        reason=reason,
        again_in_seconds=pause and round(pause, 1),
    )
