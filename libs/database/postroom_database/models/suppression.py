from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Moment


class Suppression(Base):
    """An address that a workspace does not send to."""

    __tablename__ = "suppressions"
    __table_args__ = (
        UniqueConstraint("workspace_id", "address"),
        Index("ix_suppressions_workspace_id_id", "workspace_id", "id"),
        TABLE_OPTIONS,
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(Id)
    address: Mapped[str] = mapped_column(String(320))
    """In lower case, the domain in punycode."""
    origin: Mapped[str] = mapped_column(String(12))
    """bounce, complaint or manual."""
    source_id: Mapped[UUID | None] = mapped_column(Id)
    """The email that bounced or was complained about."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
