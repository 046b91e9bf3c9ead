"""``POST /emails`` and ``POST /emails/batch``: from a body to a submission."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from postroom_api.answers import BatchAnswer, BatchError, EmailId
from postroom_api.authentication import Principal
from postroom_api.bodies import AnyRequest, Body, decode
from postroom_api.email_check import make_draft
from postroom_api.email_request import EmailRequest
from postroom_api.errors import INVALID_BATCH, INVALID_HEADER, INVALID_IDEMPOTENCY_KEY, ApiError, invalid, refuse
from postroom_api.senders import Senders
from postroom_api.submission import Submission, hash_key
from postroom_database.drafts import Draft
from postroom_database.repositories.idempotency import KeyId
from postroom_domain.lanes import Lane
from postroom_domain.limits import MAX_BATCH, MAX_IDEMPOTENCY_KEY

_ONE = msgspec.json.Decoder(EmailRequest)
_MANY = msgspec.json.Decoder(list[msgspec.Raw])
_LARGE_BYTES = 256 * 1024

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Sending:
    """What a request to send goes through before it is stored."""

    senders: Senders

    async def read_single(self, request: AnyRequest, body: Body, who: Principal) -> Submission:
        """One email, of the interactive lane.

        Raises:
            ApiError: naming what is wrong; nothing is stored.
            DatabaseUnavailable: what it refers to cannot be looked up.
        """
        email = await _apart(body, lambda: decode(_ONE, body))
        draft = await self._draft(request, body, who, email, Lane.INTERACTIVE)
        return await _submission(request, body, who, (draft,), EmailId(str(draft.id)), "emails")

    async def read_batch(self, request: AnyRequest, body: Body, who: Principal) -> Submission:
        """Up to 100 emails, of the bulk lane. Strict: one bad email refuses all; permissive: only itself.

        Raises:
            ApiError: naming what is wrong; nothing is stored.
            DatabaseUnavailable: what it refers to cannot be looked up.
        """
        mode = request.headers.get("x-batch-validation", "strict")
        if mode not in {"strict", "permissive"}:
            raise refuse(INVALID_HEADER, header="x-batch-validation", reason="It must be `strict` or `permissive`.")
        items = await _apart(body, lambda: decode(_MANY, body))
        if not 1 <= len(items) <= MAX_BATCH:
            raise refuse(INVALID_BATCH)
        drafts: list[Draft] = []
        errors: list[BatchError] = []
        for index, item in enumerate(items):
            try:
                email: EmailRequest = await _apart(body, lambda item=item: decode(_ONE, item))  # type: ignore[misc]  # bound per item
                if email.attachments:
                    raise invalid("attachments", "A batch cannot carry attachments.")
                drafts.append(await self._draft(request, body, who, email, Lane.BULK))
            except ApiError as problem:
                if mode == "strict":
                    problem.within = f"Email {index} of the batch"
                    raise
                errors.append(BatchError(index=index, message=problem.message))
        answer = BatchAnswer(
            data=[EmailId(str(draft.id)) for draft in drafts],
            errors=msgspec.UNSET if mode == "strict" else errors,
        )
        return await _submission(request, body, who, drafts, answer, "batch", mode)

    async def _draft(self, request: AnyRequest, body: Body, who: Principal, email: EmailRequest, lane: Lane) -> Draft:
        draft = await _apart(
            body,
            lambda: make_draft(
                email,
                workspace_id=who.workspace_id,
                lane=lane,
                request_id=request.state.request_id,
                now=datetime.now(UTC),
            ),
        )
        await self.senders.check(who, draft.sender)
        return draft


async def _apart(body: Body, work: Callable[[], _Made]) -> _Made:
    # Large bodies take up to a second to check, and everybody else would wait for it on the event loop.
    return await asyncio.to_thread(work) if len(body) > _LARGE_BYTES else work()


async def _submission(
    request: AnyRequest,
    body: Body,
    who: Principal,
    drafts: Sequence[Draft],
    answer: EmailId | BatchAnswer,
    endpoint: str,
    mode: str = "",
) -> Submission:
    keyed: dict[str, Any] = {}
    key = request.headers.get("idempotency-key")
    if key is not None:
        if not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY:
            raise refuse(INVALID_IDEMPOTENCY_KEY)
        keyed = {
            "key": KeyId(who.workspace_id, endpoint, hash_key(key)),
            "fingerprint": await _apart(body, lambda: _fingerprint(body, mode)),
        }
    return Submission(drafts=tuple(drafts), answer=msgspec.json.encode(answer), **keyed)


def _fingerprint(body: Body, mode: str) -> bytes:
    # A batch repeated in the other mode is another request: its answer would have another shape.
    digest = hashlib.sha256(mode.encode())
    digest.update(body)
    return digest.digest()
