from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Moment, binary, chunk


class IdempotencyKey(Base):
    """The answer that a key stands for, written in the transaction that stores the emails."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"), TABLE_OPTIONS)

    workspace_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    endpoint: Mapped[str] = mapped_column(String(16), primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(binary(32), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(binary(32))
    """SHA-256 of the request's body."""
    answer: Mapped[bytes] = mapped_column(chunk())
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
