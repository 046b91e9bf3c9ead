from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Moment, long_text


class ProviderMessage(Base):
    """A message of the provider, kept as it came until it is accounted: a second one with its id has no effect."""

    __tablename__ = "provider_messages"
    __table_args__ = (
        Index("uq_provider_messages_job_id", "job_id", unique=True),
        Index("ix_provider_messages_due_at", "due_at"),
        Index("ix_provider_messages_result_received_at", "result", "received_at"),
        Index("ix_provider_messages_received_at", "received_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    """The provider's."""
    job_id: Mapped[UUID | None] = mapped_column(Id)
    """Ours, for hints; None for those of before there were jobs."""
    request_id: Mapped[str | None] = mapped_column(String(64))
    body: Mapped[str | None] = mapped_column(long_text())
    """What was published; None once it has been accounted. What matches no email is kept."""
    received_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    """When a worker should look; a claim moves it to the end of the lease; None: there is nothing to do."""
    hinted_at: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    lease_token: Mapped[UUID | None] = mapped_column(Id)
    result: Mapped[str | None] = mapped_column(String(16))
    """What became of it, in one word; None: nothing yet."""
