"""The bodies of successful answers of ``/schedules``: Postroom's own, in Resend's style."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from postroom_api.answers import timestamp
from postroom_api.template_request import AnyValue
from postroom_database.types import AnyRow
from postroom_domain.timetables import Slot


class ScheduleReference(msgspec.Struct, frozen=True):
    id: str
    object: str = "schedule"


class ScheduleRemoved(ScheduleReference, frozen=True):
    deleted: bool = True


class ScheduleSummary(msgspec.Struct, frozen=True):
    """One schedule in a list. ``reason`` says why its last slot brought no email."""

    id: str
    name: str
    cron: str
    timezone: str
    status: str
    starts_at: str | None
    ends_at: str | None
    catch_up: str
    catch_up_limit: int
    next_slot: str | None
    next_at: str | None
    reason: str | None
    created_at: str
    updated_at: str


class SchedulePage(msgspec.Struct, frozen=True):
    has_more: bool
    data: list[ScheduleSummary]
    object: str = "list"


class RecurringTemplate(msgspec.Struct, frozen=True):
    id: str
    variables: dict[str, AnyValue]


class RecurringEmail(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a schedule sends, in the fields of ``POST /emails``; those that were not given are absent."""

    to: list[str]
    from_: str | UnsetType = msgspec.field(default=UNSET, name="from")
    cc: list[str] | UnsetType = UNSET
    bcc: list[str] | UnsetType = UNSET
    reply_to: list[str] | UnsetType = UNSET
    subject: str | UnsetType = UNSET
    html: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    tags: list[dict[str, str]] | UnsetType = UNSET
    template: RecurringTemplate | UnsetType = UNSET


class ScheduleDetails(ScheduleSummary, frozen=True):
    """One schedule with its email."""

    email: RecurringEmail
    object: str = "schedule"


class SlotDetails(msgspec.Struct, frozen=True):
    """What became of a slot. ``slot`` is what clocks in the zone showed, ``at`` the same in UTC."""

    slot: str
    at: str
    outcome: str
    email_id: str | None
    reason: str | None
    created_at: str


class SlotPage(msgspec.Struct, frozen=True):
    has_more: bool
    data: list[SlotDetails]
    object: str = "list"


class UpcomingSlot(msgspec.Struct, frozen=True):
    slot: str
    at: str


class SchedulePreview(msgspec.Struct, frozen=True):
    """The next slots; fewer than were asked for where the schedule ends before."""

    data: list[UpcomingSlot]
    object: str = "schedule_preview"


def schedule_summary(row: AnyRow) -> ScheduleSummary:
    return ScheduleSummary(**_shown(row))


def schedule_details(row: AnyRow) -> ScheduleDetails:
    return ScheduleDetails(**_shown(row), email=msgspec.convert(row.email, RecurringEmail))


def slot_details(row: AnyRow) -> SlotDetails:
    return SlotDetails(
        slot=row.slot,
        at=timestamp(row.slot_at),
        outcome=row.outcome,
        email_id=None if row.email_id is None else str(row.email_id),
        reason=row.reason,
        created_at=timestamp(row.created_at),
    )


def schedule_preview(slots: Iterable[Slot]) -> SchedulePreview:
    return SchedulePreview([UpcomingSlot(slot.text, timestamp(slot.at)) for slot in slots])


def _shown(row: AnyRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "cron": row.cron,
        "timezone": row.timezone,
        "status": row.status,
        "starts_at": _optional(row.starts_at),
        "ends_at": _optional(row.ends_at),
        "catch_up": row.catch_up,
        "catch_up_limit": row.catch_up_limit,
        "next_slot": row.next_slot,
        "next_at": _optional(row.next_at),
        "reason": row.reason,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
    }


def _optional(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)
