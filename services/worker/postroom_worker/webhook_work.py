"""What is due for one webhook: posted in rounds, while it is ours and nothing goes wrong."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

from loguru import logger

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_database.repositories import webhook_hints, webhook_posting
from postroom_database.repositories.webhook_posting import Attempted, ClaimedWebhook, Round
from postroom_database.writing import write
from postroom_domain.sealing import CannotUnseal, Seal
from postroom_egress.fetch import Egress
from postroom_worker.lease_writing import write_while_held
from postroom_worker.metrics import HINTS_LEFT, LEASES_ENDED, LEASES_HELD, WEBHOOK_ATTEMPTS, WEBHOOK_SECONDS
from postroom_worker.patience import Patience, Stopped
from postroom_worker.webhook_request import post

_TOGETHER = 8
"""Requests to one webhook at the same time, while it takes them well."""
_TURN_SECONDS = 10.0
"""After which another webhook gets the thread."""
_SLOW_SECONDS = 2.0
"""A request that takes longer makes its webhook a slow one."""
_SPARE_SECONDS = 20.0
"""What a lease must hold beyond the requests: taking, and writing the outcome, through a short outage."""


@dataclass(frozen=True, slots=True)
class WebhookWork:
    """What an actor does with the id of a webhook.

    Args:
        database: the truth.
        egress: by which endpoints are reached.
        seal: of the secrets.
        patience: with a database that is away; when the worker drains, what has begun is finished, and no more taken.
        request_seconds: the most that one request takes.
    """

    database: Database
    egress: Egress
    seal: Seal
    patience: Patience
    request_seconds: float

    def work(self, webhook_ids: Sequence[UUID]) -> None:
        """Post what is due for each, until it fails or takes long: then it goes on among the slow ones."""
        for webhook_id in webhook_ids:
            self._work(webhook_id, slow=False)

    def work_slowly(self, webhook_ids: Sequence[UUID]) -> None:
        """Post what is due for each, one after the other, until one is taken well: then it goes on among the others."""
        for webhook_id in webhook_ids:
            self._work(webhook_id, slow=True)

    def _work(self, webhook_id: UUID, *, slow: bool) -> None:
        try:
            webhook = self.patience.until_done(lambda: self._claim(webhook_id))
        except Stopped:
            self._leave(webhook_id)
            return
        if webhook is None:
            logger.debug("hint.skipped", webhook_id=str(webhook_id))
            return
        with (
            logger.contextualize(workspace_id=str(webhook.workspace_id), webhook_id=str(webhook_id)),
            LEASES_HELD.labels("webhook").track_inprogress(),
        ):
            try:
                self._post_in_rounds(webhook, slow=slow)
            except CannotUnseal as problem:
                # Kept until the lease ends: then it is tried, and told, again.
                logger.error("webhook.not_signed", reason=str(problem))
                return
            except Stopped:
                pass
            self._give_back(webhook)

    def _post_in_rounds(self, webhook: ClaimedWebhook, *, slow: bool) -> None:
        together = 1 if slow else _TOGETHER
        ends_at = time.monotonic() + _TURN_SECONDS
        with ThreadPoolExecutor(together, thread_name_prefix="webhook") as threads:
            while time.monotonic() < ends_at:
                taken_at = time.monotonic()
                round_ = self.patience.until_done(lambda: self._take(webhook, together))
                if round_ is None:
                    return
                attempted = self._post(threads, round_)
                is_slow = any(one.took_seconds > _SLOW_SECONDS for one in attempted)
                is_failing = self._write(webhook, round_, attempted, is_slow=is_slow, taken_at=taken_at)
                if is_failing is None or slow != (is_failing or is_slow):
                    return

    def _claim(self, webhook_id: UUID) -> ClaimedWebhook | None:
        return write(
            self.database,
            lambda connection: webhook_posting.claim(connection, webhook_id, lease_seconds=self._lease_seconds),
        )

    def _take(self, webhook: ClaimedWebhook, count: int) -> Round | None:
        return write(
            self.database,
            lambda connection: webhook_posting.take(connection, webhook, count, lease_seconds=self._lease_seconds),
        )

    def _post(self, threads: ThreadPoolExecutor, round_: Round) -> list[Attempted]:
        secrets = self._open(round_.secrets)
        requests = [
            threads.submit(post, self.egress, round_.endpoint, secrets, delivery, delivery.told)
            for delivery in round_.deliveries
            if delivery.told is not None
        ]
        return [request.result() for request in requests]

    def _open(self, sealed: Sequence[str]) -> list[str]:
        """The newest signs, or nothing is posted; the previous one signs too, if its key is still there."""
        opened = [self.seal.unseal(sealed[0]).decode()]
        for previous in sealed[1:]:
            try:
                opened.append(self.seal.unseal(previous).decode())
            except CannotUnseal as problem:
                logger.warning("webhook.previous_secret_lost", reason=str(problem))
        return opened

    def _write(
        self,
        webhook: ClaimedWebhook,
        round_: Round,
        attempted: Sequence[Attempted],
        *,
        is_slow: bool,
        taken_at: float,
    ) -> bool | None:
        """Whether all of the round failed; None when the webhook is not ours any more."""
        written = write_while_held(
            self.database,
            lambda connection: webhook_posting.write(connection, webhook, round_, attempted, is_slow=is_slow),
            kind="webhook_deliveries",
            lease_ends_at=taken_at + self._lease_seconds,
            attempt=max(one.attempt for one in round_.deliveries),
            may_be_lost=True,  # the client removed it meanwhile, most likely
        )
        if written is None:
            return None
        for one in attempted:
            _tell(one)
        if written.disabled:
            logger.warning("webhook.disabled", reason=webhook_posting.REASON)
            return None
        return written.is_failing

    def _give_back(self, webhook: ClaimedWebhook) -> None:
        try:
            write(self.database, lambda connection: webhook_posting.give_back(connection, webhook))
            LEASES_ENDED.labels("webhook", "given_back").inc()
        except DatabaseUnavailable:
            logger.warning("lease.left")  # others have it when it ends

    def _leave(self, webhook_id: UUID) -> None:
        try:
            write(self.database, lambda connection: webhook_hints.forget_hint(connection, webhook_id))
            HINTS_LEFT.labels("webhook").inc()
        except DatabaseUnavailable:
            logger.warning("hints.forgotten", count=1)  # the sweep finds it when its hint is old

    @property
    def _lease_seconds(self) -> float:
        return self.request_seconds + _SPARE_SECONDS


def _tell(one: Attempted) -> None:
    retry = one.retry_in_seconds
    event = "webhook.posted" if one.succeeded else "webhook.given_up" if retry is None else "webhook.deferred"
    WEBHOOK_ATTEMPTS.labels(event.partition(".")[2]).inc()
    WEBHOOK_SECONDS.observe(one.took_seconds)
    told = one.delivery.told
    email_id = None if told is None else told.event.email_id
    logger.log(
        "INFO" if one.succeeded else "WARNING",
        event,
        request_id=None if told is None else told.request_id,
        email_id=None if email_id is None else str(email_id),
        delivery_id=str(one.delivery.id),
        type=None if told is None else told.event.type,
        attempt=one.delivery.attempt,
        status_code=one.status_code,
        # What a server of somebody else's says stays in the database.
        reason=one.response if one.status_code is None else None,
        retry_in_seconds=retry,
        milliseconds=round(one.took_seconds * 1000, 1),
    )
