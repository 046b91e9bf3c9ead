from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Json, Moment


class Email(Base):
    """One API send. Addresses stand as the client wrote them; bodies stand apart, in chunks."""

    __tablename__ = "emails"
    __table_args__ = (
        Index("ix_emails_workspace_id_id", "workspace_id", "id"),
        Index("ix_emails_state_lane_due_at_hinted_at", "state", "lane", "due_at", "hinted_at"),
        Index("ix_emails_lease_ends_at", "lease_ends_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(20))
    """Where it stands in Postroom's own work."""
    last_event: Mapped[str] = mapped_column(String(20))
    """What clients see: the highest of its recipients."""
    lane: Mapped[str] = mapped_column(String(12))
    sender: Mapped[str] = mapped_column(Text)
    to_list: Mapped[list[str]] = mapped_column(Json)
    cc_list: Mapped[list[str] | None] = mapped_column(Json)
    bcc_list: Mapped[list[str] | None] = mapped_column(Json)
    reply_to_list: Mapped[list[str] | None] = mapped_column(Json)
    subject: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, str] | None] = mapped_column(Json)
    tags: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    request_id: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[UUID | None] = mapped_column(Id)
    """The API key that it was sent with."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
    scheduled_at: Mapped[datetime | None] = mapped_column(Moment)
    """What the client asked for; due_at is when the next attempt may be made."""
    due_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
    """While a worker holds it: when it may be tried again, should that worker not come back. Once it has ended: about
    when that was; its age counts from there."""
    hinted_at: Mapped[datetime | None] = mapped_column(Moment, server_default=CurrentMoment())
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    first_tried_at: Mapped[datetime | None] = mapped_column(Moment)
    crashes: Mapped[int] = mapped_column(Integer, server_default="0")
    """Workers that died one after the other while they held it."""
    unknowns: Mapped[int] = mapped_column(Integer, server_default="0")
    """Attempts in a row whose outcome was not known; those that ended in a crash are among them."""
    lease_token: Mapped[UUID | None] = mapped_column(Id)
    lease_ends_at: Mapped[datetime | None] = mapped_column(Moment)
    message_id: Mapped[str | None] = mapped_column(String(255))
    reason: Mapped[str | None] = mapped_column(Text)
    """Why the last attempt did not end in sent, or was not made."""
    held_because: Mapped[str | None] = mapped_column(String(12))
