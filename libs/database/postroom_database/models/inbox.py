from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Id, Json, Moment, chunk


class InboxMessage(Base):
    """A message that the ``inbox:`` transport captured, as it would have left."""

    __tablename__ = "inbox_messages"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    email_id: Mapped[UUID] = mapped_column(Id)
    sender: Mapped[str] = mapped_column(Text)
    recipients: Mapped[list[str]] = mapped_column(Json)
    """The envelope: Bcc stands here and nowhere else."""
    subject: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())


class InboxChunk(Base):
    __tablename__ = "inbox_chunks"
    __table_args__ = (TABLE_OPTIONS,)

    message_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(chunk())
