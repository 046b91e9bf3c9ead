"""From what a client sent to a schedule that can be stored, or to an error that names the field."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET, UnsetType

from postroom_api.apart import apart
from postroom_api.authentication import Principal
from postroom_api.bodies import fields_of
from postroom_api.email_check import make_draft
from postroom_api.email_request import EmailRequest
from postroom_api.errors import MISSING_FIELD, ApiError, invalid, refuse
from postroom_api.names import read_name
from postroom_api.schedule_request import SchedulePreviewRequest, ScheduleRequest
from postroom_api.senders import Senders
from postroom_api.template_use import TemplateUse
from postroom_database.drafts import Draft
from postroom_database.engine import Database
from postroom_database.types import AnyRow
from postroom_domain.catch_up import CatchUp
from postroom_domain.cron import Cron, read_zone
from postroom_domain.errors import InvalidCron, InvalidZone
from postroom_domain.lanes import Lane
from postroom_domain.limits import MAX_CATCH_UP, MAX_SCHEDULE_NAME
from postroom_domain.timetables import Timetable

_CATCH_UP_LIMIT = 10
_LAST_YEAR = 2200
"""Beyond it no schedule begins or ends: calendars, and databases, have an end."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When a schedule is due, as it is stored and shown."""

    cron: str = ""
    timezone: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def timetable(self) -> Timetable:
        """Its slots.

        Raises:
            ApiError: naming the field that is missing or wrong.
        """
        for name, value in (("cron", self.cron), ("timezone", self.timezone)):
            if not value:
                raise refuse(MISSING_FIELD, field=name)
        try:
            cron = Cron(self.cron)
        except InvalidCron as problem:
            raise invalid("cron", problem) from None
        try:
            zone = read_zone(self.timezone)
        except InvalidZone as problem:
            raise invalid("timezone", problem) from None
        if self.starts_at is not None and self.ends_at is not None and self.ends_at < self.starts_at:
            raise invalid("ends_at", "It lies before `starts_at`.")
        return Timetable(cron, zone, self.starts_at, self.ends_at)


def timing_of(row: AnyRow) -> Timing:
    return Timing(row.cron, row.timezone, row.starts_at, row.ends_at)


def new_timing(asked: ScheduleRequest | SchedulePreviewRequest, present: Timing | None = None) -> Timing:
    """The timing after a change.

    Raises:
        ApiError: naming the moment that is wrong; the rest is checked by its timetable.
    """
    timing = present or Timing()
    if asked.cron is not UNSET:
        timing = replace(timing, cron=(asked.cron or "").strip())
    if asked.timezone is not UNSET:
        timing = replace(timing, timezone=asked.timezone or "")
    if asked.starts_at is not UNSET:
        timing = replace(timing, starts_at=_moment(asked.starts_at, "starts_at"))
    if asked.ends_at is not UNSET:
        timing = replace(timing, ends_at=_moment(asked.ends_at, "ends_at"))
    return timing


def new_settings(asked: ScheduleRequest, present: AnyRow | None = None) -> dict[str, Any]:
    """The other columns after a change, but for the email's.

    Raises:
        ApiError: naming the field that is missing or wrong.
    """
    before = None if present is None else present.name
    name = read_name(before if isinstance(asked.name, UnsetType) else asked.name, longest=MAX_SCHEDULE_NAME)
    catch_up = CatchUp.LATEST.value if present is None else present.catch_up
    limit = _CATCH_UP_LIMIT if present is None else present.catch_up_limit
    if asked.catch_up is not UNSET:
        catch_up = asked.catch_up or CatchUp.LATEST.value
    if asked.catch_up_limit is not UNSET:
        limit = _CATCH_UP_LIMIT if asked.catch_up_limit is None else asked.catch_up_limit
    if catch_up not in set(CatchUp):
        raise invalid("catch_up", "It must be `none`, `latest` or `all`.")
    if not 1 <= limit <= MAX_CATCH_UP:
        raise invalid("catch_up_limit", f"It must be a number between 1 and {MAX_CATCH_UP}.")
    return {"name": name, "catch_up": catch_up, "catch_up_limit": limit}


@dataclass(frozen=True, slots=True)
class RecurringEmails:
    """Checks the emails of schedules as ``POST /emails`` checks an email."""

    senders: Senders
    database: Database

    async def check(self, asked: EmailRequest | UnsetType | None, who: Principal, request_id: str) -> dict[str, Any]:
        """The email as it is stored.

        Raises:
            ApiError: naming the field that is missing or wrong.
            DatabaseUnavailable: what it refers to cannot be looked up.
        """
        if not isinstance(asked, EmailRequest):
            raise refuse(MISSING_FIELD, field="email")
        with _within_email():
            if asked.scheduled_at or asked.scheduled_at_camel:
                raise invalid("scheduled_at", "The schedule says when it is sent.")
            if asked.attachments:
                raise invalid("attachments", "A schedule cannot carry attachments.")
            email = await TemplateUse(self.database, who.workspace_id).expand(asked)
            size = len(email.html or "") + len(email.text or "")
            draft = await apart(
                size,
                lambda: make_draft(
                    email,
                    workspace_id=who.workspace_id,
                    key_id=who.key_id,
                    lane=Lane.BULK,
                    request_id=request_id,
                    now=datetime.now(UTC),
                ),
            )
            await self.senders.check(who, draft.sender)
            return _stored(asked, draft)


def _stored(asked: EmailRequest, draft: Draft) -> dict[str, Any]:
    """What the client said, and of a template only its name and the values: it is filled for each slot anew."""
    email: dict[str, Any] = {"to": draft.to, "cc": draft.cc, "bcc": draft.bcc}
    email |= {"headers": draft.headers, "tags": draft.tags}
    if asked.template is None:
        email |= {"from": draft.sender, "subject": draft.subject, "reply_to": draft.reply_to}
        email |= {"html": asked.html, "text": asked.text}
    else:
        variables = fields_of(asked.template.variables, "template.variables")
        email |= {"from": asked.from_ or None, "subject": asked.subject}
        email |= {"reply_to": draft.reply_to if asked.reply_to or asked.reply_to_camel else None}
        email |= {"template": {"id": asked.template.id, "variables": variables}}
    return {name: value for name, value in email.items() if value is not None}


@contextmanager
def _within_email() -> Iterator[None]:
    """Errors name the field where it is in the body of a schedule."""
    try:
        yield
    except ApiError as problem:
        if "field" in problem.values:
            problem.values["field"] = f"email.{problem.values['field']}"
        else:
            problem.within = "The email"
        raise


def _moment(text: str | UnsetType | None, name: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid(name, "It must be an ISO 8601 date and time, such as `2026-11-24T09:00:00Z`.") from None
    if not 1970 <= moment.year < _LAST_YEAR:  # noqa: PLR2004 - when clocks of computers begin
        raise invalid(name, f"It must lie between 1970 and {_LAST_YEAR}.")
    return moment
