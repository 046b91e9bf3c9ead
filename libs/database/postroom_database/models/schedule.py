from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Json, Moment


class Schedule(Base):
    """A recurring send: an email for each slot of a cron expression in a time zone."""

    __tablename__ = "schedules"
    __table_args__ = (
        Index("ix_schedules_workspace_id_id", "workspace_id", "id"),
        Index("ix_schedules_next_at", "next_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(100))
    cron: Mapped[str] = mapped_column(String(100))
    timezone: Mapped[str] = mapped_column(String(64))
    email: Mapped[dict[str, Any]] = mapped_column(Json)
    """What is sent, in the fields of `POST /emails`, checked."""
    starts_at: Mapped[datetime | None] = mapped_column(Moment)
    ends_at: Mapped[datetime | None] = mapped_column(Moment)
    catch_up: Mapped[str] = mapped_column(String(8))
    """What becomes of slots that were missed: none, latest or all."""
    catch_up_limit: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(10))
    """active, paused or ended."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Why its last slot brought no email."""
    next_slot: Mapped[str | None] = mapped_column(String(32))
    """The next slot as clocks in its zone show it; None: there is none."""
    next_at: Mapped[datetime | None] = mapped_column(Moment)
    """The same in UTC, by the rules of the zone when it was computed; None while it is not active."""
    key_id: Mapped[UUID | None] = mapped_column(Id)
    """The API key that it was made with."""
    request_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())


class ScheduleSlot(Base):
    """One due time of a schedule. Its row is written with its email: no slot brings two."""

    __tablename__ = "schedule_slots"
    __table_args__ = (Index("ix_schedule_slots_slot_at", "slot_at"), TABLE_OPTIONS)

    schedule_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    slot: Mapped[str] = mapped_column(String(32), primary_key=True)
    """As clocks in the zone show it: a slot stays one when the zone's rules change."""
    slot_at: Mapped[datetime] = mapped_column(Moment)
    outcome: Mapped[str] = mapped_column(String(10))
    """fired, skipped or failed."""
    email_id: Mapped[UUID | None] = mapped_column(Id)
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
