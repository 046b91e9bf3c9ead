from datetime import datetime
from uuid import UUID

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Moment


class Workspace(Base):
    """A tenant: every row that belongs to a client carries its id, every query of a client asks for it."""

    __tablename__ = "workspaces"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
    suspended_at: Mapped[datetime | None] = mapped_column(Moment)
    """Since when its mail waits."""
    suspended_reason: Mapped[str | None] = mapped_column(Text)
    resumed_at: Mapped[datetime | None] = mapped_column(Moment)
    """What happened before counts no more against it."""
