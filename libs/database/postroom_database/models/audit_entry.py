from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Json, Moment


class AuditEntry(Base):
    """Who did what to which resource. Only ever appended, in the transaction of what was done."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_workspace_id_id", "workspace_id", "id"), TABLE_OPTIONS)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(Id)
    key_id: Mapped[UUID | None] = mapped_column(Id)
    """The API key; None: an operator, or Postroom itself."""
    actor: Mapped[str] = mapped_column(String(10))
    """key, operator or postroom."""
    action: Mapped[str] = mapped_column(String(40))
    """Such as domain.created."""
    resource_id: Mapped[str | None] = mapped_column(String(64))
    """Never an address: an entry outlives whom it was about."""
    request_id: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
