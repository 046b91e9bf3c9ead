from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base


class ServedRelease(Base):
    """Which releases the schema still serves. One row, written with every change of the schema."""

    __tablename__ = "served_releases"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    oldest: Mapped[str] = mapped_column(String(32))
    """The revision that the oldest of them needs."""
