from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Json, Moment


class Event(Base):
    """Something that happened: to an email, or to another resource of the workspace. Only ever appended."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_email_id_id", "email_id", "id"),
        Index("ix_events_workspace_id_type_created_at", "workspace_id", "type", "created_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(Id)
    email_id: Mapped[UUID | None] = mapped_column(Id)
    """None: it did not happen to an email, and data is what webhooks are told of it."""
    type: Mapped[str] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(320))
    data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
