from datetime import datetime

from sqlalchemy import Boolean, Double, Integer
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import Moment


class ProviderQuota(Base):
    """What the provider said last about how much mail it takes. One row."""

    __tablename__ = "provider_quotas"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    per_second: Mapped[float] = mapped_column(Double)
    per_day: Mapped[float] = mapped_column(Double)
    """Recipients in any 24 hours; -1: any number."""
    sent_in_day: Mapped[float] = mapped_column(Double)
    """Of the 24 hours before `read_at`."""
    sending_enabled: Mapped[bool] = mapped_column(Boolean)
    read_at: Mapped[datetime] = mapped_column(Moment)
