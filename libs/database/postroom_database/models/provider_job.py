from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Moment


class ProviderJob(Base):
    """Something that the provider must be told or asked, beside mail. It stays until that is done."""

    __tablename__ = "provider_jobs"
    __table_args__ = (Index("ix_provider_jobs_due_at", "due_at"), TABLE_OPTIONS)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str] = mapped_column(String(320))
    """What it is about: a domain's id or name, an address."""
    request_id: Mapped[str] = mapped_column(String(64))
    due_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
    """When a worker should look next; a claim moves it to the end of the lease."""
    hinted_at: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    lease_token: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
