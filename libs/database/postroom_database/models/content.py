from uuid import UUID

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import Id, chunk


class Attachment(Base):
    """What is attached. Its bytes are content parts, or are fetched from ``path`` when it is sent."""

    __tablename__ = "attachments"
    __table_args__ = (TABLE_OPTIONS,)

    email_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    part: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(Id, unique=True)
    filename: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(Text)
    content_id: Mapped[str | None] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    path: Mapped[str | None] = mapped_column(Text)


class ContentChunk(Base):
    """A piece of a body: part 0 is the text, 1 the HTML, 2 and on the attachments."""

    __tablename__ = "content_chunks"
    __table_args__ = (TABLE_OPTIONS,)

    email_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    part: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(chunk())
