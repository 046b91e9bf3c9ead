from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Json, Moment, long_text


class Template(Base):
    """A name for content that is edited as a draft and sent as published."""

    __tablename__ = "templates"
    __table_args__ = (
        UniqueConstraint("workspace_id", "alias"),
        Index("ix_templates_workspace_id_id", "workspace_id", "id"),
        TABLE_OPTIONS,
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(255))
    alias: Mapped[str | None] = mapped_column(String(100))
    draft_version_id: Mapped[UUID] = mapped_column(Id)
    published_version_id: Mapped[UUID | None] = mapped_column(Id)
    published_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())


class TemplateVersion(Base):
    """What a template said at one time. A row never changes."""

    __tablename__ = "template_versions"
    __table_args__ = (Index("ix_template_versions_template_id_id", "template_id", "id"), TABLE_OPTIONS)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    template_id: Mapped[UUID] = mapped_column(Id)
    sender: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    reply_to_list: Mapped[list[str] | None] = mapped_column(Json)
    html: Mapped[str | None] = mapped_column(long_text())
    text: Mapped[str | None] = mapped_column(long_text())
    variables: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """``{"key", "type", "fallback_value"}`` each."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
