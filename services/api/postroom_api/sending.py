"""``POST /emails`` and ``POST /emails/batch``: from a body to a submission."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from postroom_api.answers import BatchAnswer, BatchError, EmailId
from postroom_api.apart import apart
from postroom_api.authentication import Principal
from postroom_api.bodies import AnyRequest, Body, decode
from postroom_api.email_check import make_draft
from postroom_api.email_request import EmailRequest
from postroom_api.errors import INVALID_BATCH, INVALID_HEADER, ApiError, invalid, refuse
from postroom_api.repetition import Keyed, made_or_repeated, read_key
from postroom_api.senders import Senders
from postroom_api.submission import Submission
from postroom_api.template_use import TemplateUse
from postroom_database.drafts import Draft
from postroom_database.engine import Database
from postroom_domain.lanes import Lane
from postroom_domain.limits import MAX_BATCH

_ONE = msgspec.json.Decoder(EmailRequest)
_MANY = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Sending:
    """What a request to send goes through before it is stored."""

    senders: Senders
    database: Database

    async def read_single(self, request: AnyRequest, body: Body, who: Principal) -> Submission:
        """One email, of the interactive lane.

        Raises:
            ApiError: naming what is wrong; nothing is stored.
            DatabaseUnavailable: what it refers to cannot be looked up.
        """
        keyed = await read_key(request, body, who.workspace_id, "emails")
        return await made_or_repeated(self.database, keyed, self._single(request, body, who, keyed))

    async def read_batch(self, request: AnyRequest, body: Body, who: Principal) -> Submission:
        """Up to 100 emails, of the bulk lane. Strict: one bad email refuses all; permissive: only itself.

        Raises:
            ApiError: naming what is wrong; nothing is stored.
            DatabaseUnavailable: what it refers to cannot be looked up.
        """
        mode = request.headers.get("x-batch-validation", "strict")
        if mode not in {"strict", "permissive"}:
            raise refuse(INVALID_HEADER, header="x-batch-validation", reason="It must be `strict` or `permissive`.")
        keyed = await read_key(request, body, who.workspace_id, "batch", mode)
        making = self._batch(request, body, who, keyed, is_strict=mode == "strict")
        return await made_or_repeated(self.database, keyed, making)

    async def _single(self, request: AnyRequest, body: Body, who: Principal, keyed: Keyed | None) -> Submission:
        email = await apart(len(body), lambda: decode(_ONE, body))
        email = await TemplateUse(self.database, who.workspace_id).expand(email)
        draft = await self._draft(request, body, who, email, Lane.INTERACTIVE)
        return _submission(keyed, (draft,), EmailId(str(draft.id)))

    async def _batch(
        self, request: AnyRequest, body: Body, who: Principal, keyed: Keyed | None, *, is_strict: bool
    ) -> Submission:
        items = await apart(len(body), lambda: decode(_MANY, body))
        if not 1 <= len(items) <= MAX_BATCH:
            raise refuse(INVALID_BATCH)
        templates = TemplateUse(self.database, who.workspace_id)
        drafts: list[Draft] = []
        errors: list[BatchError] = []
        for index, item in enumerate(items):
            try:
                email: EmailRequest = await apart(len(body), lambda item=item: decode(_ONE, item))  # type: ignore[misc]  # bound per item
                if email.attachments:
                    raise invalid("attachments", "A batch cannot carry attachments.")
                drafts.append(await self._draft(request, body, who, await templates.expand(email), Lane.BULK))
            except ApiError as problem:
                if is_strict:
                    problem.within = f"Email {index} of the batch"
                    raise
                errors.append(BatchError(index=index, message=problem.message))
        answer = BatchAnswer(
            data=[EmailId(str(draft.id)) for draft in drafts],
            errors=msgspec.UNSET if is_strict else errors,
        )
        return _submission(keyed, drafts, answer)

    async def _draft(self, request: AnyRequest, body: Body, who: Principal, email: EmailRequest, lane: Lane) -> Draft:
        # A template makes a large email of a small body.
        size = max(len(body), len(email.html or "") + len(email.text or ""))
        draft = await apart(
            size,
            lambda: make_draft(
                email,
                workspace_id=who.workspace_id,
                key_id=who.key_id,
                lane=lane,
                request_id=request.state.request_id,
                now=datetime.now(UTC),
            ),
        )
        await self.senders.check(who, draft.sender)
        return draft


def _submission(keyed: Keyed | None, drafts: Sequence[Draft], answer: EmailId | BatchAnswer) -> Submission:
    encoded = msgspec.json.encode(answer)
    if keyed is None:
        return Submission(tuple(drafts), encoded)
    return Submission(tuple(drafts), encoded, keyed.key, keyed.fingerprint)
