"""How much waits, and since when: for operators. Counted in indexes, but counted one by one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from postroom_database.models import Email, ProviderJob, ProviderMessage
from postroom_database.repositories.unhinted import Due
from postroom_database.types import AnyRow, Now
from postroom_domain.states import ENDS, WAITING, State

_OPEN = tuple(state.value for state in State if state not in ENDS)
_LONGEST_LIST = 20


def mail(connection: Connection) -> Sequence[AnyRow]:
    """Mail that has not ended, by state and lane: how much, and of it how much is due, and unhinted, since when."""
    wanted = _counted(Email).add_columns(Email.state, Email.lane).where(Email.state.in_(_OPEN))
    return connection.execute(wanted.group_by(Email.state, Email.lane).order_by(Email.state, Email.lane)).all()


def provider_jobs(connection: Connection) -> AnyRow:
    """The same of what the provider is to be told or asked."""
    return connection.execute(_counted(ProviderJob)).one()


def provider_messages(connection: Connection) -> AnyRow:
    """The same of what the provider told."""
    return connection.execute(_counted(ProviderMessage).where(ProviderMessage.due_at.is_not(None))).one()


def parked(connection: Connection) -> Sequence[AnyRow]:
    """Mail whose next attempt lies in the future, by why that is: how much, and when the first of it is tried."""
    count = func.count().label("emails")
    waiting = [state.value for state in WAITING]
    return connection.execute(
        select(Email.reason, count, func.min(Email.due_at).label("next_at"))
        .where(Email.state.in_(waiting), Email.due_at > Now())
        .group_by(Email.reason)
        .order_by(count.desc(), Email.reason)
        .limit(_LONGEST_LIST)
    ).all()


def _counted(model: Due) -> Select[*tuple[Any, ...]]:
    is_due = model.due_at <= Now()
    return select(
        func.count().label("total"),
        func.count(case((is_due, 1))).label("due"),
        func.count(case((is_due & model.hinted_at.is_(None), 1))).label("unhinted"),
        func.min(case((is_due, model.due_at))).label("oldest_due_at"),
    ).select_from(model)
