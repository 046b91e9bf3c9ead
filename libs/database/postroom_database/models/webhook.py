from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Index, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Json, Moment


class Webhook(Base):
    """A client's endpoint. One worker at a time posts to it, so that a slow one holds up nobody else."""

    __tablename__ = "webhooks"
    __table_args__ = (Index("ix_webhooks_workspace_id_id", "workspace_id", "id"), TABLE_OPTIONS)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(Id)
    endpoint: Mapped[str] = mapped_column(Text)
    types: Mapped[list[str] | None] = mapped_column(Json)
    """Of events that it wants; None: all."""
    status: Mapped[str] = mapped_column(String(10))
    """enabled or disabled."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Why Postroom disabled it; None when the client did."""
    secret: Mapped[str] = mapped_column(Text)
    """Sealed (postroom_domain.sealing, purpose "webhook")."""
    previous_secret: Mapped[str | None] = mapped_column(Text)
    """Sealed. After a rotation it signs as well, until it ends."""
    previous_secret_ends_at: Mapped[datetime | None] = mapped_column(Moment)
    failing_since: Mapped[datetime | None] = mapped_column(Moment)
    """When the first of the attempts was made that have all failed since; None: the last one went well."""
    is_slow: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """Whether the last of its answers took long."""
    hinted_at: Mapped[datetime | None] = mapped_column(Moment)
    lease_token: Mapped[UUID | None] = mapped_column(Id)
    lease_ends_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())


class WebhookDelivery(Base):
    """One event on its way to one webhook, written in the transaction of the event: the outbox."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_webhook_id_due_at", "webhook_id", "due_at"),
        Index("ix_webhook_deliveries_webhook_id_id", "webhook_id", "id"),
        Index("ix_webhook_deliveries_event_id", "event_id"),
        TABLE_OPTIONS,
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(Id)
    webhook_id: Mapped[UUID] = mapped_column(Id)
    event_id: Mapped[UUID] = mapped_column(Id)
    type: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10))
    """pending, success or failed."""
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    due_at: Mapped[datetime | None] = mapped_column(Moment, server_default=CurrentMoment())
    """When the next attempt may be made; None: there is none to make. A claim moves it to the end of the lease."""
    lease_token: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())


class WebhookAttempt(Base):
    """One request to a webhook, and what came of it. Only ever appended."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (Index("ix_webhook_attempts_delivery_id_id", "delivery_id", "id"), TABLE_OPTIONS)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(Id)
    status_code: Mapped[int | None] = mapped_column(Integer)
    """None: there was no answer."""
    response: Mapped[str | None] = mapped_column(Text)
    """The beginning of the answer's body, or why there was none."""
    took_milliseconds: Mapped[int] = mapped_column(Integer)
    sent_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
