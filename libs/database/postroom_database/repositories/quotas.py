"""What the provider said last about how much mail it takes: one row, written by one worker and read by all."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from postroom_database.models import ProviderQuota
from postroom_database.types import Now
from postroom_domain.quotas import Quota

_ID = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """A quota, and when it was written, by the database's clock."""

    quota: Quota
    read_at: datetime


def read(connection: Connection) -> Reading | None:
    """The last reading; None: there was none yet."""
    row = connection.execute(
        select(
            ProviderQuota.per_second,
            ProviderQuota.per_day,
            ProviderQuota.sent_in_day,
            ProviderQuota.sending_enabled,
            ProviderQuota.read_at,
        ).where(ProviderQuota.id == _ID)
    ).one_or_none()
    if row is None:
        return None
    return Reading(Quota(row.per_second, row.per_day, row.sent_in_day, row.sending_enabled), row.read_at)


def write(connection: Connection, quota: Quota) -> None:
    values = {
        "per_second": quota.per_second,
        "per_day": quota.per_day,
        "sent_in_day": quota.sent_in_day,
        "sending_enabled": quota.sending_enabled,
        "read_at": Now(),
    }
    written = connection.execute(update(ProviderQuota).where(ProviderQuota.id == _ID).values(values))
    if written.rowcount == 0:
        connection.execute(insert(ProviderQuota).values(id=_ID, **values))
