"""What happens to domains, told as clients read them, without what stands in DNS."""

from uuid import UUID

from sqlalchemy import Connection, select

from postroom_database.models import Domain
from postroom_database.repositories import timelines


def tell(connection: Connection, type_: str, domain_id: UUID) -> None:
    """Say what happened to a domain.

    Args:
        connection: of the transaction in which it happens, while the domain is there.
        type_: domain.created, domain.updated or domain.deleted.
        domain_id: as it stands now, it is told.
    """
    row = connection.execute(
        select(
            Domain.workspace_id,
            Domain.name,
            Domain.status,
            Domain.sending,
            Domain.receiving,
            Domain.open_tracking,
            Domain.click_tracking,
            Domain.tracking_subdomain,
            Domain.tls,
            Domain.created_at,
        ).where(Domain.id == domain_id)
    ).one()
    told = {
        "object": "domain",
        "id": str(domain_id),
        "name": row.name,
        "status": row.status,
        "created_at": row.created_at.isoformat(timespec="microseconds"),
        "capabilities": {"sending": row.sending, "receiving": row.receiving},
        "open_tracking": row.open_tracking,
        "click_tracking": row.click_tracking,
        "tracking_subdomain": row.tracking_subdomain,
        "tls": row.tls,
    }
    timelines.tell(connection, row.workspace_id, type_, told)
