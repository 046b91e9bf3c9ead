"""Writing down what the provider told of emails."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from loguru import logger
from sqlalchemy import Connection

from postroom_database.engine import Database
from postroom_database.repositories import provider_messages, settlements
from postroom_database.repositories.provider_messages import ClaimedMessage
from postroom_database.repositories.settlements import Accounted
from postroom_database.writing import write
from postroom_domain.provider_messages import KEPT, MessageResult
from postroom_domain.retries import backoff_seconds
from postroom_tracing.identity import Origin
from postroom_tracing.traces import TRACES
from postroom_transport.ses_events import SesEvent, read_event
from postroom_worker.lease_writing import write_while_held
from postroom_worker.metrics import HINTS_LEFT, LEASES_HELD, PROVIDER_EVENTS

_LEASE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class EventWork:
    """What an actor does with the ids of messages.

    Args:
        database: the truth.
        lease_seconds: how long the messages of one hint are ours; each costs a transaction.
    """

    database: Database
    lease_seconds: float = _LEASE_SECONDS

    def work(self, ids: Sequence[UUID]) -> None:
        """Account those that are due and that nobody else holds.

        Raises:
            DatabaseUnavailable: nothing was claimed.
        """
        claimed_at = time.monotonic()
        messages = write(
            self.database,
            lambda connection: provider_messages.claim(connection, ids, lease_seconds=self.lease_seconds),
        )
        held = LEASES_HELD.labels("provider_message")
        left = len(messages)
        held.inc(left)
        try:
            for message in messages:
                with logger.contextualize(job_id=str(message.id), **_known(message.request_id)):
                    self._account(message, claimed_at + self.lease_seconds)
                held.dec()
                left -= 1
        finally:
            held.dec(left)

    def leave(self, ids: Sequence[UUID]) -> None:
        """Give up the hints of messages that were not begun, so that another worker is told of them at once."""
        write(self.database, lambda connection: provider_messages.forget_hints(connection, ids))
        HINTS_LEFT.labels("provider_message").inc(len(ids))

    def _account(self, message: ClaimedMessage, lease_ends_at: float) -> None:
        began_at = TRACES.now()
        try:
            event = read_event(message.body)
            accounted = write_while_held(
                self.database,
                lambda connection: _write(connection, message, event),
                kind="provider_message",
                lease_ends_at=lease_ends_at,
                attempt=message.attempt,
            )
        except Exception:  # a fault of ours must neither lose the message nor stop the worker
            logger.exception("event.failed", attempt=message.attempt)
            write_while_held(
                self.database,
                lambda connection: provider_messages.postpone(
                    connection, message, seconds=backoff_seconds(message.attempt)
                ),
                kind="provider_message",
                lease_ends_at=lease_ends_at,
                attempt=message.attempt,
            )
            return
        if accounted is not None:
            PROVIDER_EVENTS.labels(event.type, accounted.result.value).inc()
            _log(event, accounted)
            _trace(event, accounted, began_at)


def _write(connection: Connection, message: ClaimedMessage, event: SesEvent) -> Accounted:
    if not event.is_readable:
        accounted = Accounted(MessageResult.UNREADABLE)
    elif event.report is None:
        accounted = Accounted(MessageResult.WITHOUT_EFFECT)
    else:
        accounted = settlements.account(connection, event.report)
    provider_messages.finish(connection, message, accounted.result)
    return accounted


def _trace(event: SesEvent, accounted: Accounted, began_at: int) -> None:
    if event.report is not None and accounted.request_id is not None:
        attributes = {"postroom.event": event.type, "postroom.result": accounted.result.value}
        of = Origin(accounted.request_id, event.report.email_id)
        TRACES.tell("account event", attributes, kind="consumer", began_at=began_at, of=of)


def _log(event: SesEvent, accounted: Accounted) -> None:
    """Under the id of the request that the email came with; without an email, of the one that brought the message."""
    is_accounted = accounted.result is MessageResult.ACCOUNTED
    is_kept = accounted.result in KEPT
    email = {} if event.report is None else {"email_id": str(event.report.email_id)}
    with logger.contextualize(**email, **_known(accounted.request_id)):
        logger.log(
            "INFO" if is_accounted else "WARNING" if is_kept else "DEBUG",
            "event.accounted" if is_accounted else "event.kept" if is_kept else "event.left",
            workspace_id=accounted.workspace_id and str(accounted.workspace_id),
            type=event.type,
            result=None if is_accounted else accounted.result.value,
            before=accounted.before,
            after=accounted.after,
            strangers=accounted.strangers or None,
        )
        for suppression in accounted.suppressed:
            if suppression.is_new:
                logger.info("suppression.added", suppression_id=str(suppression.id), origin=suppression.origin.value)


def _known(request_id: str | None) -> dict[str, str]:
    return {} if request_id is None else {"request_id": request_id}
