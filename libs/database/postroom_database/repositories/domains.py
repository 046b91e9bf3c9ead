"""Domains: who may send as whom.

Every query of a client asks for the workspace; those of workers and operators do not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from postroom_database.models import Domain
from postroom_database.paging import Slice, read_slice
from postroom_database.repositories import domain_events
from postroom_database.types import AnyRow, Now
from postroom_domain.domain_states import SENDING_STATES, DomainState, RecordState
from postroom_domain.ids import new_id

ENABLED = "enabled"

_SHOWN = (
    Domain.id,
    Domain.name,
    Domain.region,
    Domain.status,
    Domain.dkim_status,
    Domain.return_path_status,
    Domain.declared,
    Domain.custom_return_path,
    Domain.tracking_subdomain,
    Domain.open_tracking,
    Domain.click_tracking,
    Domain.tls,
    Domain.sending,
    Domain.receiving,
    Domain.dkim_selector,
    Domain.dkim_public_key,
    Domain.created_at,
)
"""All but the private key, which leaves the database for one purpose only."""

_OPERATORS = (*_SHOWN, Domain.workspace_id, Domain.reason, Domain.verify_asked_at)


@dataclass(frozen=True, slots=True)
class NewDomain:
    """A checked domain."""

    name: str
    region: str
    custom_return_path: str
    tracking_subdomain: str | None
    open_tracking: bool
    click_tracking: bool
    tls: str
    sending: str
    receiving: str


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A DKIM key as it is stored: the private half is sealed."""

    selector: str
    public_key: str
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verification:
    """What a worker needs to know of a domain.

    Attributes:
        dkim, return_path: what was found last time; not started: the provider is to begin anew.
        waited_seconds: since the client asked for it.
        private_key: sealed.
    """

    name: str
    status: DomainState
    dkim: RecordState
    return_path: RecordState
    declared: bool
    custom_return_path: str
    selector: str
    waited_seconds: float
    private_key: str = field(repr=False)


def add(connection: Connection, workspace_id: UUID, domain: NewDomain, key: SealedKey) -> AnyRow:
    """Keep a domain, and give it as get does; a name that any workspace has raises SQLAlchemy's IntegrityError."""
    domain_id = new_id()
    values = {
        "id": domain_id,
        "workspace_id": workspace_id,
        "dkim_selector": key.selector,
        "dkim_public_key": key.public_key,
        "dkim_private_key": key.private_key,
        "status": DomainState.NOT_STARTED.value,
        "dkim_status": RecordState.NOT_STARTED.value,
        "return_path_status": RecordState.NOT_STARTED.value,
        "declared": False,
    }
    connection.execute(insert(Domain), [asdict(domain) | values])
    domain_events.tell(connection, "domain.created", domain_id)
    return connection.execute(select(*_SHOWN).where(Domain.id == domain_id)).one()


def is_taken(connection: Connection, name: str) -> bool:
    """Whether any workspace has this name: the provider knows each name once."""
    return connection.execute(select(Domain.id).where(Domain.name == name)).one_or_none() is not None


def get(connection: Connection, workspace_id: UUID, domain_id: UUID) -> AnyRow | None:
    """What a client is shown of one domain."""
    return connection.execute(select(*_SHOWN).where(*_mine(workspace_id, domain_id))).one_or_none()


def page(connection: Connection, workspace_id: UUID, wanted: Slice) -> tuple[Sequence[AnyRow], bool]:
    """Domains, newest first, and whether there are more."""
    return read_slice(connection, select(*_SHOWN).where(Domain.workspace_id == workspace_id), Domain.id, wanted)


def change(connection: Connection, held: AnyRow, values: Mapping[str, Any]) -> None:
    """Set columns of a held domain that a client may change, at least one."""
    _update(connection, held.id, values)


def hold(connection: Connection, workspace_id: UUID, domain_id: UUID) -> AnyRow | None:
    """One domain, as get gives it, that nobody else changes before this transaction ends."""
    return connection.execute(select(*_SHOWN).where(*_mine(workspace_id, domain_id)).with_for_update()).one_or_none()


def begin_verification(connection: Connection, held: AnyRow) -> None:
    """Say that a held domain's records are to be looked for from now on.

    One that may send keeps that meanwhile; what was not found of it is asked for anew.
    """
    values: dict[str, Any] = {"verify_asked_at": Now(), "reason": None}
    if held.status not in SENDING_STATES:
        values |= {"status": DomainState.PENDING.value, "dkim_status": RecordState.NOT_STARTED.value}
    if held.return_path_status != RecordState.VERIFIED:
        values["return_path_status"] = RecordState.NOT_STARTED.value
    _update(connection, held.id, values)


def remove(connection: Connection, held: AnyRow) -> None:
    domain_events.tell(connection, "domain.deleted", held.id)
    connection.execute(delete(Domain).where(Domain.id == held.id))


def may_send(connection: Connection, workspace_id: UUID, name: str) -> bool:
    """Whether the workspace may send from this domain."""
    states = [state.value for state in SENDING_STATES]
    found = connection.execute(
        select(Domain.id).where(
            Domain.name == name,
            Domain.workspace_id == workspace_id,
            Domain.status.in_(states),
            Domain.sending == ENABLED,
        )
    )
    return found.one_or_none() is not None


def senders(connection: Connection, *, limit: int) -> Sequence[str]:
    """Names of domains of any workspace that may be sent from, by name: for operators."""
    states = [state.value for state in SENDING_STATES]
    found = select(Domain.name).where(Domain.status.in_(states), Domain.sending == ENABLED)
    return connection.execute(found.order_by(Domain.name).limit(limit)).scalars().all()


def is_there(connection: Connection, workspace_id: UUID, domain_id: UUID) -> bool:
    """Whether the workspace has this domain."""
    found = connection.execute(select(Domain.id).where(*_mine(workspace_id, domain_id)))
    return found.one_or_none() is not None


def verification(connection: Connection, domain_id: UUID) -> Verification | None:
    """What a worker needs to know; None when the domain is gone."""
    row = connection.execute(
        select(
            Domain.name,
            Domain.status,
            Domain.dkim_status,
            Domain.return_path_status,
            Domain.declared,
            Domain.custom_return_path,
            Domain.dkim_selector,
            Domain.dkim_private_key,
            Domain.verify_asked_at,
            Now().label("now"),
        ).where(Domain.id == domain_id)
    ).one_or_none()
    if row is None:
        return None
    return Verification(
        name=row.name,
        status=DomainState(row.status),
        dkim=RecordState(row.dkim_status),
        return_path=RecordState(row.return_path_status),
        declared=row.declared,
        custom_return_path=row.custom_return_path,
        selector=row.dkim_selector,
        waited_seconds=(row.now - row.verify_asked_at).total_seconds() if row.verify_asked_at else 0.0,
        private_key=row.dkim_private_key,
    )


def note_verification(
    connection: Connection,
    domain_id: UUID,
    status: DomainState,
    *,
    dkim: RecordState,
    return_path: RecordState,
    reason: str | None,
) -> None:
    """Write what a look found, and tell of it when the domain stands elsewhere now. What an operator declared stays."""
    before = connection.execute(
        select(Domain.status).where(Domain.id == domain_id, Domain.declared.is_(False)).with_for_update()
    ).scalar_one_or_none()
    if before is None:
        return
    connection.execute(
        update(Domain)
        .where(Domain.id == domain_id)
        .values(status=status.value, dkim_status=dkim.value, return_path_status=return_path.value, reason=reason)
    )
    if status != before:
        domain_events.tell(connection, "domain.updated", domain_id)


def of_workspace(connection: Connection, workspace_id: UUID) -> Sequence[AnyRow]:
    """Every domain of a workspace by name: for operators."""
    return connection.execute(
        select(*_OPERATORS).where(Domain.workspace_id == workspace_id).order_by(Domain.name)
    ).all()


def by_name(connection: Connection, name: str) -> AnyRow | None:
    """A domain of any workspace: for operators."""
    return connection.execute(select(*_OPERATORS).where(Domain.name == name)).one_or_none()


def hold_by_name(connection: Connection, name: str) -> AnyRow | None:
    """The same, that nobody else changes before this transaction ends."""
    return connection.execute(select(*_OPERATORS).where(Domain.name == name).with_for_update()).one_or_none()


def declare(connection: Connection, held: AnyRow) -> None:
    """Verified, because an operator says so."""
    _update(connection, held.id, {"declared": True, "status": DomainState.VERIFIED.value, "reason": None})


def undeclare(connection: Connection, held: AnyRow) -> None:
    """Back to the beginning: its client may ask for a verification."""
    begun = RecordState.NOT_STARTED.value
    status = DomainState.NOT_STARTED.value
    _update(
        connection,
        held.id,
        {"declared": False, "status": status, "dkim_status": begun, "return_path_status": begun},
    )


def _update(connection: Connection, domain_id: UUID, values: Mapping[str, Any]) -> None:
    connection.execute(update(Domain).where(Domain.id == domain_id).values(dict(values)))
    domain_events.tell(connection, "domain.updated", domain_id)


def _mine(workspace_id: UUID, domain_id: UUID) -> tuple[Any, Any]:
    return Domain.id == domain_id, Domain.workspace_id == workspace_id
