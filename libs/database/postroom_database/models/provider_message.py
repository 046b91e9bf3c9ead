from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from postroom_database.models.base import TABLE_OPTIONS, Base
from postroom_database.types import CurrentMoment, Moment


class ProviderMessage(Base):
    """A message of the provider that was accounted: a second one with its id has no effect."""

    __tablename__ = "provider_messages"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(Moment, server_default=CurrentMoment())
