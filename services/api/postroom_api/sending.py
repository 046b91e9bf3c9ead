"""``POST /emails`` and ``POST /emails/batch``: from a body to a submission."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from postroom_api.answers import BatchAnswer, BatchError, EmailId
from postroom_api.authentication import Principal
from postroom_api.bodies import AnyRequest, Body, decode
from postroom_api.email_check import make_draft
from postroom_api.email_request import EmailRequest
from postroom_api.errors import INVALID_IDEMPOTENCY_KEY, VALIDATION, ApiError
from postroom_api.submission import Submission, hash_key
from postroom_database.drafts import Draft
from postroom_database.repositories.idempotency import KeyId
from postroom_domain.lanes import Lane
from postroom_domain.limits import MAX_BATCH, MAX_IDEMPOTENCY_KEY

_ONE = msgspec.json.Decoder(EmailRequest)
_MANY = msgspec.json.Decoder(list[msgspec.Raw])


def read_single(request: AnyRequest, body: Body, principal: Principal, request_id: str) -> Submission:
    """One email, of the interactive lane.

    Raises:
        ApiError: naming what is wrong; nothing is stored.
    """
    draft = make_draft(
        decode(_ONE, body),
        workspace_id=principal.workspace_id,
        lane=Lane.INTERACTIVE,
        request_id=request_id,
        now=datetime.now(UTC),
    )
    answer = msgspec.json.encode(EmailId(str(draft.id)))
    return _submission(request, body, principal, (draft,), answer, "emails")


def read_batch(request: AnyRequest, body: Body, principal: Principal, request_id: str) -> Submission:
    """Up to 100 emails, of the bulk lane. Strict: one bad email refuses all; permissive: only itself.

    Raises:
        ApiError: naming what is wrong; nothing is stored.
    """
    mode = request.headers.get("x-batch-validation", "strict")
    if mode not in {"strict", "permissive"}:
        raise ApiError(VALIDATION, "Invalid `x-batch-validation` header. It must be `strict` or `permissive`.")
    items = decode(_MANY, body)
    if not 1 <= len(items) <= MAX_BATCH:
        raise ApiError(VALIDATION, f"Invalid request body. A batch must hold 1 to {MAX_BATCH} emails.")
    drafts: list[Draft] = []
    errors: list[BatchError] = []
    for index, item in enumerate(items):
        try:
            drafts.append(_batch_draft(item, principal, request_id))
        except ApiError as problem:
            if mode == "strict":
                raise ApiError(problem.kind, f"Email {index} of the batch: {problem.message}") from None
            errors.append(BatchError(index=index, message=problem.message))
    answer = BatchAnswer(
        data=[EmailId(str(draft.id)) for draft in drafts],
        errors=msgspec.UNSET if mode == "strict" else errors,
    )
    return _submission(request, body, principal, drafts, msgspec.json.encode(answer), "batch", mode)


def _batch_draft(item: msgspec.Raw, principal: Principal, request_id: str) -> Draft:
    email: EmailRequest = decode(_ONE, item)
    if email.attachments:
        raise ApiError(VALIDATION, "Invalid `attachments` field. A batch cannot carry attachments.")
    return make_draft(
        email,
        workspace_id=principal.workspace_id,
        lane=Lane.BULK,
        request_id=request_id,
        now=datetime.now(UTC),
    )


def _submission(
    request: AnyRequest,
    body: Body,
    principal: Principal,
    drafts: Sequence[Draft],
    answer: bytes,
    endpoint: str,
    mode: str = "",
) -> Submission:
    keyed: dict[str, Any] = {}
    key = request.headers.get("idempotency-key")
    if key is not None:
        if not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY:
            raise ApiError(
                INVALID_IDEMPOTENCY_KEY,
                f"The idempotency key must have 1 to {MAX_IDEMPOTENCY_KEY} characters.",
            )
        keyed = {
            "key": KeyId(principal.workspace_id, endpoint, hash_key(key)),
            "fingerprint": _fingerprint(body, mode),
        }
    return Submission(drafts=tuple(drafts), answer=answer, **keyed)


def _fingerprint(body: Body, mode: str) -> bytes:
    # A batch repeated in the other mode is another request: its answer would have another shape.
    digest = hashlib.sha256(mode.encode())
    digest.update(body)
    return digest.digest()
