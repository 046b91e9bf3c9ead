"""Suppressions: addresses that a workspace does not send to. Every query asks for the workspace."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.sql import ColumnElement

from postroom_database.models import Suppression
from postroom_database.paging import Slice, read_slice
from postroom_database.repositories import provider_jobs, timelines, workspaces
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import AnyRow
from postroom_domain.ids import new_id
from postroom_domain.provider_jobs import ProviderJobKind
from postroom_domain.suppressions import Origin, suppressed_form


@dataclass(frozen=True, slots=True)
class NewSuppression:
    """What is to be suppressed.

    Attributes:
        address: as ``parse_mailbox`` gives it.
        source_id: the email that bounced or was complained about.
    """

    address: str
    origin: Origin
    source_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """Attributes: is_new is False when the address was suppressed already."""

    id: UUID
    origin: Origin
    is_new: bool


@dataclass(frozen=True, slots=True)
class SuppressionRecord:
    id: UUID
    address: str
    origin: Origin
    source_id: UUID | None
    created_at: datetime


_COLUMNS = (
    Suppression.id,
    Suppression.address,
    Suppression.origin,
    Suppression.source_id,
    Suppression.created_at,
)


def add(connection: Connection, workspace_id: UUID, wanted: Iterable[NewSuppression]) -> list[Added]:
    """Suppress addresses; each is answered once, in the order of their first appearance.

    One that is suppressed already keeps its origin; a complaint alone says more than the bounce that was there.

    Two transactions may add one address at once: the second waits for the first and finds its row.
    """
    news: dict[str, NewSuppression] = {}
    for new in wanted:
        news.setdefault(suppressed_form(new.address), new)
    if not news:
        return []
    _take_turns(connection, workspace_id)
    ids = {address: new_id() for address in news}
    rows = [
        {
            "id": ids[address],
            "workspace_id": workspace_id,
            "address": address,
            "origin": news[address].origin.value,
            "source_id": news[address].source_id,
        }
        for address in sorted(news)
    ]
    _insert_missing(connection, rows)
    _raise_to_complaints(connection, workspace_id, news)
    there = {
        row.address: row
        for row in connection.execute(
            select(*_COLUMNS).where(Suppression.workspace_id == workspace_id, Suppression.address.in_(ids))
        )
    }
    _tell(connection, workspace_id, "suppression.added", [row for row in there.values() if row.id == ids[row.address]])
    return [
        Added(there[address].id, Origin(there[address].origin), is_new=there[address].id == ids[address])
        for address in news
    ]


def _take_turns(connection: Connection, workspace_id: UUID) -> None:
    # InnoDB locks the gaps beside a unique key. Two that add and remove neighbours would often end in a deadlock,
    # whatever order they go in; those of one workspace are therefore let in one at a time.
    workspaces.lock(connection, workspace_id)


def _insert_missing(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Insert those whose workspace and address are not there yet."""
    if connection.dialect.name == "sqlite":
        there = (Suppression.workspace_id, Suppression.address)
        connection.execute(sqlite.insert(Suppression).on_conflict_do_nothing(index_elements=there), rows)
    else:
        # Not INSERT IGNORE, which would also hide a value that the server had to cut.
        connection.execute(mysql.insert(Suppression).on_duplicate_key_update(id=Suppression.id), rows)


def _raise_to_complaints(connection: Connection, workspace_id: UUID, news: Mapping[str, NewSuppression]) -> None:
    """Events come in any order: which of them came first must not decide what is known of an address."""
    for address, new in news.items():
        if new.origin is Origin.COMPLAINT:
            connection.execute(
                update(Suppression)
                .where(
                    Suppression.workspace_id == workspace_id,
                    Suppression.address == address,
                    Suppression.origin == Origin.BOUNCE.value,
                )
                .values(origin=new.origin.value, source_id=new.source_id)
            )


def among(connection: Connection, workspace_id: UUID, addresses: Iterable[str]) -> dict[str, Origin]:
    """Those of the addresses, as they are given, that the workspace does not send to, and why."""
    forms = {address: suppressed_form(address) for address in addresses}
    if not forms:
        return {}
    rows = connection.execute(
        select(Suppression.address, Suppression.origin).where(
            Suppression.workspace_id == workspace_id, Suppression.address.in_(sorted(set(forms.values())))
        )
    )
    origins = {address: Origin(origin) for address, origin in rows}
    return {address: origins[form] for address, form in forms.items() if form in origins}


def page(
    connection: Connection, workspace_id: UUID, wanted: Slice, *, origin: Origin | None = None
) -> tuple[list[SuppressionRecord], bool]:
    """Suppressions, newest first, and whether there are more."""
    listed = select(*_COLUMNS).where(Suppression.workspace_id == workspace_id)
    if origin is not None:
        listed = listed.where(Suppression.origin == origin.value)
    rows, has_more = read_slice(connection, listed, Suppression.id, wanted)
    return [_record(row) for row in rows], has_more


def find(connection: Connection, workspace_id: UUID, names: Sequence[UUID | str]) -> list[SuppressionRecord]:
    """Those that there are of some ids or addresses; at least one, all of one kind."""
    rows = connection.execute(select(*_COLUMNS).where(Suppression.workspace_id == workspace_id, _named(names)))
    return [_record(row) for row in rows]


def get(connection: Connection, workspace_id: UUID, name: UUID | str) -> SuppressionRecord | None:
    """One suppression by its id or its address."""
    found = find(connection, workspace_id, [name])
    return found[0] if found else None


def remove(
    connection: Connection, workspace_id: UUID, names: Sequence[UUID | str], *, request_id: str
) -> list[SuppressionRecord]:
    """Send to these addresses again; those that were suppressed, and so the provider will be told of.

    Args:
        connection: of a writing transaction.
        workspace_id: whose they are.
        names: ids or addresses, at least one, all of one kind.
        request_id: which request wants it.
    """
    _take_turns(connection, workspace_id)
    rows = connection.execute(
        select(*_COLUMNS).where(Suppression.workspace_id == workspace_id, _named(names)).with_for_update()
    ).all()
    if not rows:
        return []
    connection.execute(delete(Suppression).where(Suppression.id.in_([row.id for row in rows])))
    for row in rows:
        provider_jobs.add(
            connection,
            ProviderJobKind.UNSUPPRESS,
            workspace_id=workspace_id,
            subject=row.address,
            request_id=request_id,
        )
    _tell(connection, workspace_id, "suppression.removed", rows)
    return [_record(row) for row in rows]


def _tell(connection: Connection, workspace_id: UUID, type_: str, rows: Iterable[AnyRow]) -> None:
    """Webhooks are told of a suppression as clients read it."""
    news = [
        NewEvent(
            type_,
            row.address,
            {
                "object": "suppression",
                "id": str(row.id),
                "email": row.address,
                "origin": row.origin,
                "source_id": None if row.source_id is None else str(row.source_id),
                "created_at": row.created_at.isoformat(timespec="microseconds"),
            },
        )
        for row in rows
    ]
    timelines.tell_all(connection, workspace_id, news)


def _named(names: Sequence[UUID | str]) -> ColumnElement[bool]:
    # Ids and addresses in one condition would use neither index.
    if isinstance(names[0], UUID):
        return Suppression.id.in_(names)
    return Suppression.address.in_([suppressed_form(str(name)) for name in names])


def _record(row: AnyRow) -> SuppressionRecord:
    return SuppressionRecord(row.id, row.address, Origin(row.origin), row.source_id, row.created_at)
