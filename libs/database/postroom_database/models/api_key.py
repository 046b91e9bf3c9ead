from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Moment, binary


class ApiKey(Base):
    """A client's credential. Only the SHA-256 of the token is kept: the token has 256 random bits."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_workspace_id_id", "workspace_id", "id"), TABLE_OPTIONS)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[bytes] = mapped_column(binary(32), unique=True)
    permission: Mapped[str] = mapped_column(String(20), server_default="full_access")
    domain_id: Mapped[UUID | None] = mapped_column(Id)
    """The only domain that it may send from; it outlives the domain, and then sends nothing."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)
    """Within seconds of the last use: it is not written with every request."""
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
