"""``/emails``: send, list, read, reschedule, cancel."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, Router, get, patch, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from loguru import logger
from sqlalchemy import Connection

from postroom_api.answers import (
    BatchAnswer,
    EmailDetails,
    EmailId,
    EmailPage,
    EmailReference,
    details,
    summary,
)
from postroom_api.asking import ask
from postroom_api.bodies import AnyRequest, decode, read_body
from postroom_api.bounds import MAX_BODY_BYTES
from postroom_api.caller import Caller, caller_of
from postroom_api.contract import documented
from postroom_api.email_check import send_time
from postroom_api.email_request import EmailRequest, RescheduleRequest
from postroom_api.errors import IDEMPOTENCY_CONFLICT, MISSING_FIELD, NOT_FOUND, NOT_SCHEDULED, ApiError, refuse
from postroom_api.intake import Intake
from postroom_api.metrics import ACCEPTED
from postroom_api.pages import read_id, read_page
from postroom_api.resources import Resources
from postroom_api.sending import Sending
from postroom_api.submission import IdempotencyConflict, Submission
from postroom_api.writing import write
from postroom_database.engine import Database
from postroom_database.paging import Slice
from postroom_database.repositories import contents, emails
from postroom_tracing.traces import TRACES

_RESCHEDULE = msgspec.json.Decoder(RescheduleRequest)
_JSON = "application/json"
_EXAMPLE = {
    "from": "Shop <orders@example.com>",
    "to": ["customer@example.com"],
    "subject": "Your order has been shipped",
    "html": "<p>It is on its way.</p>",
    "scheduled_at": "in 1 hour",
}


@dataclass(frozen=True, slots=True)
class Emails:
    """What is done with emails.

    Attributes: transport is where mail leaves, for metrics.
    """

    intake: Intake
    database: Database
    transport: str

    async def accept(self, submission: Submission) -> Response[bytes]:
        try:
            # A permissive batch in which every email was refused stores nothing.
            answer = await self._store(submission) if submission.drafts else submission.answer
        except IdempotencyConflict:
            raise refuse(IDEMPOTENCY_CONFLICT) from None
        if answer is submission.answer:
            for draft in submission.drafts:
                ACCEPTED.labels(draft.lane.value, self.transport).inc()
                logger.info("email.accepted", workspace_id=str(draft.workspace_id), email_id=str(draft.id))
        else:
            logger.info("email.repeated")
        return Response(answer, media_type=_JSON, status_code=200)

    async def _store(self, submission: Submission) -> bytes:
        began_at = TRACES.now()
        answer = await self.intake.accept(submission)
        # Of each email that is stored now: below this stands all that is done for it.
        for draft in submission.drafts if TRACES.are_on and answer is submission.answer else ():
            attributes = {"postroom.email_id": str(draft.id), "postroom.lane": draft.lane.value}
            TRACES.tell("commit email", attributes, kind="producer", began_at=began_at, own=draft.id)
        return answer

    def page(self, workspace_id: UUID, wanted: Slice) -> EmailPage:
        rows, has_more = ask(self.database, lambda connection: emails.page(connection, workspace_id, wanted))
        return EmailPage(has_more=has_more, data=[summary(row) for row in rows])

    def one(self, workspace_id: UUID, email_id: UUID) -> EmailDetails:
        def read(connection: Connection) -> EmailDetails:
            row = emails.get(connection, workspace_id, email_id)
            if row is None:
                raise _not_found()
            return details(
                row,
                html=contents.load(connection, email_id, contents.HTML_PART),
                text=contents.load(connection, email_id, contents.TEXT_PART),
            )

        return ask(self.database, read)

    def reschedule(self, caller: Caller, email_id: UUID, at: datetime) -> EmailReference:
        def move(connection: Connection) -> None:
            if not emails.reschedule(connection, caller.workspace_id, email_id, at):
                raise self._not_scheduled(connection, caller.workspace_id, email_id, "rescheduled")
            caller.note(connection, "email.rescheduled", email_id)

        write(self.database, move)
        logger.info("email.rescheduled", workspace_id=str(caller.workspace_id), email_id=str(email_id))
        return EmailReference(str(email_id))

    def cancel(self, caller: Caller, email_id: UUID) -> EmailReference:
        def cancel(connection: Connection) -> None:
            if not emails.cancel(connection, caller.workspace_id, email_id):
                raise self._not_scheduled(connection, caller.workspace_id, email_id, "canceled")
            caller.note(connection, "email.canceled", email_id)

        write(self.database, cancel)
        logger.info("email.canceled", workspace_id=str(caller.workspace_id), email_id=str(email_id))
        return EmailReference(str(email_id))

    @staticmethod
    def _not_scheduled(connection: Any, workspace_id: UUID, email_id: UUID, what: str) -> ApiError:
        row = emails.get(connection, workspace_id, email_id)
        if row is None:
            return _not_found()
        return refuse(NOT_SCHEDULED, action=what, state=row.last_event)


def email_routes(resources: Resources) -> Router:
    access = resources.access
    sending = Sending(resources.senders, resources.database)
    services = Emails(resources.intake, resources.database, resources.terms.transport_name)

    @post(
        "/",
        operation_class=documented(body=EmailRequest, example=_EXAMPLE),
        responses={200: ResponseSpec(EmailId, description="The email is stored.", generate_examples=False)},
        summary="Send an email",
        status_code=200,
    )
    async def send_email(request: AnyRequest) -> Response[bytes]:
        who = await access.send(request)
        return await services.accept(
            await sending.read_single(request, await read_body(request, max_bytes=MAX_BODY_BYTES), who)
        )

    @post(
        "/batch",
        operation_class=documented(body=list[EmailRequest], example=[_EXAMPLE, _EXAMPLE]),
        responses={200: ResponseSpec(BatchAnswer, description="The emails are stored.", generate_examples=False)},
        summary="Send up to 100 emails",
        status_code=200,
    )
    async def send_batch(request: AnyRequest) -> Response[bytes]:
        who = await access.send(request)
        return await services.accept(
            await sending.read_batch(request, await read_body(request, max_bytes=MAX_BODY_BYTES), who)
        )

    @get("/", operation_class=documented(paged=True), summary="List emails, newest first")
    async def list_emails(request: AnyRequest) -> EmailPage:
        who = await access.manage(request)
        return await asyncio.to_thread(services.page, who.workspace_id, read_page(request))

    @get("/{email_id:str}", operation_class=documented(), summary="Read an email")
    async def get_email(request: AnyRequest, email_id: FromPath[str]) -> EmailDetails:
        who = await access.manage(request)
        return await asyncio.to_thread(services.one, who.workspace_id, read_id(email_id))

    @patch(
        "/{email_id:str}",
        operation_class=documented(body=RescheduleRequest, example={"scheduled_at": "in 2 hours"}),
        summary="Reschedule an email",
    )
    async def reschedule_email(request: AnyRequest, email_id: FromPath[str]) -> EmailReference:
        who = await access.manage(request)
        asked = decode(_RESCHEDULE, await read_body(request))
        at = send_time(asked.scheduled_at or asked.scheduled_at_camel, datetime.now(UTC))
        if at is None:
            raise refuse(MISSING_FIELD, field="scheduled_at")
        return await asyncio.to_thread(services.reschedule, caller_of(request, who), read_id(email_id), at)

    @post(
        "/{email_id:str}/cancel",
        operation_class=documented(),
        summary="Cancel a scheduled email",
        status_code=200,
    )
    async def cancel_email(request: AnyRequest, email_id: FromPath[str]) -> EmailReference:
        who = await access.manage(request)
        return await asyncio.to_thread(services.cancel, caller_of(request, who), read_id(email_id))

    return Router(
        "/emails",
        route_handlers=[send_email, send_batch, list_emails, get_email, reschedule_email, cancel_email],
        tags=["Emails"],
        security=[{"ApiKey": []}],
    )


def _not_found() -> ApiError:
    return refuse(NOT_FOUND, what="Email")
