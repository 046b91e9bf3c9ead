from datetime import datetime
from uuid import UUID

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Moment


class Recipient(Base):
    """What became of one address of an email. A row appears with the first outcome; none means queued."""

    __tablename__ = "recipients"
    __table_args__ = (TABLE_OPTIONS,)

    email_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    address: Mapped[str] = mapped_column(String(320), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
