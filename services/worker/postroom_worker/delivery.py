"""Delivering one email: claim it, render it, hand it to the transport, write what came of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from loguru import logger

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_database.repositories import deliveries, emails
from postroom_database.repositories.deliveries import Claim, Outcome
from postroom_database.writing import write
from postroom_domain.addresses import parse_mailbox
from postroom_domain.states import State
from postroom_egress.errors import Refused, Unreachable
from postroom_tracing.identity import Origin
from postroom_tracing.traces import TRACES, Attributes, Noting
from postroom_transport.message import Message, RecipientResult, Result, Transport, Verdict
from postroom_worker import counting
from postroom_worker.company import Company
from postroom_worker.lease_writing import write_while_held
from postroom_worker.letters import Letters
from postroom_worker.metrics import CALL_SECONDS, HINTS_LEFT, LEASES_HELD, SECONDS
from postroom_worker.outcome_writing import write_outcome
from postroom_worker.outcomes import RetryRules
from postroom_worker.rendering import render

_LINES = {
    State.SENT: ("INFO", "email.sent"),
    State.FAILED: ("WARNING", "email.failed"),
    State.SUPPRESSED: ("INFO", "email.suppressed"),
    State.QUEUED: ("WARNING", "email.deferred"),
    State.UNKNOWN: ("WARNING", "email.unsettled"),
}
"""Level and event of the line that tells of an outcome."""
_EXPECTED = {State.SENT, State.SUPPRESSED}


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why an email did not get as far as the transport: in a word of `counting`, and for whoever reads the timeline."""

    verdict: Verdict
    why: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt that was made.

    Attributes:
        recipients: that it was made for.
        parked: whether the account, or its configuration, lets nothing out now.
    """

    recipients: int
    parked: bool


class Delivery:
    """What an actor does with an id.

    Args:
        database: the truth.
        transport: where mail leaves.
        letters: what mail is made of.
        rules: when a failure is final.
        lease_seconds: how long an email is ours; longer than the transport and the fetching may take.
        call_seconds: how long the transport may take.
    """

    def __init__(
        self,
        database: Database,
        transport: Transport,
        letters: Letters,
        rules: RetryRules,
        *,
        lease_seconds: float,
        call_seconds: float,
    ) -> None:
        self._database = database
        self._transport = transport
        self._letters = letters
        self._rules = rules
        self._lease_seconds = lease_seconds
        self._call_seconds = call_seconds
        self._company = Company()
        self._unanswered: dict[UUID, UUID] = {}
        """Tokens of claims that the database did not answer, by email: they may have been committed."""
        counting.begin_at_zero(transport.name)

    def deliver(self, email_id: UUID) -> Tried | None:
        """Make one attempt, if the email is due and nobody else holds it; else None.

        Raises:
            DatabaseUnavailable: nothing was claimed.
        """
        with self._company.together():
            return self._deliver(email_id, alone=False)

    def deliver_alone(self, email_id: UUID) -> Tried | None:
        """The same for one whose last worker died: if it takes this one down too, no other email is to blame."""
        with self._company.alone():
            return self._deliver(email_id, alone=True)

    def _deliver(self, email_id: UUID, *, alone: bool) -> Tried | None:
        claimed_at, began_at = time.monotonic(), TRACES.now()
        claim = self._claim(email_id, alone=alone)
        if claim is None:
            logger.debug("hint.skipped", email_id=str(email_id))
            return None
        with (
            logger.contextualize(
                request_id=claim.request_id, workspace_id=str(claim.workspace_id), email_id=str(email_id)
            ),
            LEASES_HELD.labels("email").track_inprogress(),
            TRACES.span(
                "deliver email",
                {
                    "postroom.email_id": str(email_id),
                    "postroom.workspace_id": str(claim.workspace_id),
                    "postroom.attempt": claim.attempt,
                    "postroom.transport": self._transport.name,
                },
                kind="consumer",
                of=Origin(claim.request_id, email_id),
                began_at=began_at,
            ) as span,
        ):
            TRACES.tell("claim email", began_at=began_at)
            result, trouble = self._attempt(claim, claimed_at)
            counting.count_attempt(self._transport.name, claim, result)
            tried = Tried(len(claim.recipients), _is_parked(result))
            with TRACES.span("write outcome"):
                written = write_while_held(
                    self._database,
                    lambda connection: write_outcome(connection, claim, result, self._rules),
                    kind="email",
                    lease_ends_at=claimed_at + self._lease_seconds,
                    attempt=claim.attempt,
                )
            if written is None:
                span.fail("unwritten")
                return tried
            outcome, added = written
            seconds = time.monotonic() - claimed_at
            _trace(span, outcome, trouble)
            SECONDS.labels(self._transport.name).observe(seconds)
            counting.count_outcome(self._transport.name, claim, result, outcome, trouble, held_seconds=seconds)
            is_parked = outcome.state is State.QUEUED and _is_parked(result)
            level, event = ("WARNING", "email.parked") if is_parked else _LINES[outcome.state]
            logger.log(
                level,
                event,
                attempt=claim.attempt,
                transport=self._transport.name,
                message_id=outcome.message_id,
                suppressed=len(claim.suppressed) or None,
                reason=outcome.reason,
                retry_in_seconds=outcome.retry_in_seconds and round(outcome.retry_in_seconds, 1),
                milliseconds=round(seconds * 1000, 1),
            )
            for suppression in added:
                if suppression.is_new:
                    logger.info(
                        "suppression.added", suppression_id=str(suppression.id), origin=suppression.origin.value
                    )
            return tried

    def _claim(self, email_id: UUID, *, alone: bool) -> Claim | None:
        token = self._unanswered.pop(email_id, None) or uuid4()
        try:
            return write(
                self._database,
                lambda connection: deliveries.claim(
                    connection,
                    email_id,
                    lease_seconds=self._lease_seconds,
                    settle_seconds=self._rules.settle_seconds,
                    alone=alone,
                    token=token,
                ),
            )
        except DatabaseUnavailable:
            self._unanswered[email_id] = token
            raise

    def leave(self, email_ids: Sequence[UUID]) -> None:
        """Give up the hints of emails that were not begun, so that another worker is told of them at once."""
        write(self._database, lambda connection: emails.forget_hints(connection, email_ids))
        HINTS_LEFT.labels("email").inc(len(email_ids))

    def _attempt(self, claim: Claim, claimed_at: float) -> tuple[Result, str | None]:
        """What the transport says, or, with a word for why, what stands for it when it was not called."""
        if not claim.recipients:
            return Result(None, ()), None
        with TRACES.span("render email"):
            raw = self._prepare(claim)
        if isinstance(raw, bytes) and time.monotonic() + self._call_seconds > claimed_at + self._lease_seconds:
            raw = _Trouble(Verdict.TRANSIENT, counting.LATE, "fetching its attachments took too long")
        if isinstance(raw, _Trouble):
            return _all(claim.recipients, raw.verdict, raw.reason), raw.why
        message = Message(claim.email_id, parse_mailbox(claim.sender).address, claim.recipients, raw)
        attributes: Attributes = {
            "postroom.transport": self._transport.name,
            "postroom.recipients": len(message.recipients),
        }
        with CALL_SECONDS.labels(self._transport.name).time(), TRACES.span("call provider", attributes, kind="client"):
            return self._call(message), None

    def _call(self, message: Message) -> Result:
        try:
            return self._transport.send(message)
        except Exception:  # a transport that raises has a fault; the email may have left
            logger.exception("transport.failed")
            return _all(message.recipients, Verdict.UNKNOWN, "the transport failed; the log says why")

    def _prepare(self, claim: Claim) -> bytes | _Trouble:
        """The message as it will travel, or why there is none."""
        try:
            letter = self._letters.write(claim)
            raw = render(letter)
            if letter.text_is_made and len(raw) > self._transport.max_bytes:
                raw = render(replace(letter, text=None))
        except Refused as problem:
            return _Trouble(Verdict.PERMANENT, counting.ATTACHMENT, f"an attachment cannot be fetched: {problem}")
        except Unreachable as problem:
            return _Trouble(Verdict.TRANSIENT, counting.ATTACHMENT, f"an attachment cannot be fetched now: {problem}")
        except DatabaseUnavailable:
            return _Trouble(Verdict.TRANSIENT, counting.DATABASE, "the database went away before it was sent")
        except Exception:  # a fault of ours must neither lose the email nor stop the worker
            logger.exception("email.rendering_failed")
            return _Trouble(Verdict.TRANSIENT, counting.RENDERING, "it could not be rendered; the log says why")
        if len(raw) > self._transport.max_bytes:
            reason = "the rendered message is larger than the transport takes"
            return _Trouble(Verdict.PERMANENT, counting.TOO_LARGE, reason)
        return raw


def _trace(span: Noting, outcome: Outcome, trouble: str | None) -> None:
    """In words of ours: what the provider says may name an address."""
    span.note({"postroom.outcome": outcome.state.value, "postroom.trouble": trouble})
    if outcome.state not in _EXPECTED:
        span.fail(trouble or outcome.state.value)


def _is_parked(result: Result) -> bool:
    return any(recipient.verdict is Verdict.PARKED for recipient in result.recipients)


def _all(recipients: tuple[str, ...], verdict: Verdict, reason: str) -> Result:
    return Result(None, tuple(RecipientResult(address, verdict, reason) for address in recipients))
