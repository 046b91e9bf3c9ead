from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import Moment


class RetentionMark(Base):
    """How far something was forgotten that leaves its row behind, so that it is not looked at again."""

    __tablename__ = "retention_marks"
    __table_args__ = (TABLE_OPTIONS,)

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    moment: Mapped[datetime] = mapped_column(Moment)
    """What ended until then is done."""
