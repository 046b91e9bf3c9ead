from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Moment


class Domain(Base):
    """A sender identity. A name belongs to one workspace: the provider knows each name once."""

    __tablename__ = "domains"
    __table_args__ = (Index("ix_domains_workspace_id_id", "workspace_id", "id"), TABLE_OPTIONS)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(253), unique=True)
    """In lower case and punycode."""
    region: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(20))
    dkim_status: Mapped[str] = mapped_column(String(20))
    return_path_status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it is not verified, for an operator."""
    declared: Mapped[bool] = mapped_column(Boolean, default=False)
    """Verified because an operator says so; no poll changes that."""
    custom_return_path: Mapped[str] = mapped_column(String(63))
    """The label of the MAIL FROM domain below the name."""
    tracking_subdomain: Mapped[str | None] = mapped_column(String(63))
    open_tracking: Mapped[bool] = mapped_column(Boolean)
    click_tracking: Mapped[bool] = mapped_column(Boolean)
    tls: Mapped[str] = mapped_column(String(16))
    sending: Mapped[str] = mapped_column(String(10))
    receiving: Mapped[str] = mapped_column(String(10))
    dkim_selector: Mapped[str] = mapped_column(String(63))
    dkim_public_key: Mapped[str] = mapped_column(Text)
    """SubjectPublicKeyInfo in base64: the ``p=`` of the TXT record."""
    dkim_private_key: Mapped[str] = mapped_column(Text)
    """Sealed (postroom_domain.sealing, purpose "dkim")."""
    verify_asked_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
