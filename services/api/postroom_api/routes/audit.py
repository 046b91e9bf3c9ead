"""``/audit``: which key did what to which resource. Postroom's own."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
from litestar import Router, get

from postroom_api.answers import timestamp
from postroom_api.asking import ask
from postroom_api.bodies import AnyRequest
from postroom_api.contract import documented
from postroom_api.pages import read_page
from postroom_api.resources import Resources
from postroom_database.paging import Slice
from postroom_database.repositories import audit
from postroom_database.repositories.audit import ActorKind
from postroom_database.types import AnyRow


class AuditEntryDetails(msgspec.Struct, frozen=True):
    """``key_id`` where a key did it; ``resource_id`` where it was done to one resource."""

    id: str
    action: str
    actor: ActorKind
    key_id: str | None
    resource_id: str | None
    request_id: str | None
    data: dict[str, Any] | None
    created_at: str


class AuditPage(msgspec.Struct, frozen=True):
    has_more: bool
    data: list[AuditEntryDetails]
    object: str = "list"


def audit_routes(resources: Resources) -> Router:
    access, database = resources.access, resources.database

    def page(workspace_id: UUID, wanted: Slice) -> AuditPage:
        rows, has_more = ask(database, lambda connection: audit.page(connection, workspace_id, wanted))
        return AuditPage(has_more=has_more, data=[_entry(row) for row in rows])

    @get("/", operation_class=documented(paged=True), summary="List who did what, newest first")
    async def list_audit(request: AnyRequest) -> AuditPage:
        who = await access.manage(request)
        return await asyncio.to_thread(page, who.workspace_id, read_page(request))

    return Router("/audit", route_handlers=[list_audit], tags=["Audit"], security=[{"ApiKey": []}])


def _entry(row: AnyRow) -> AuditEntryDetails:
    return AuditEntryDetails(
        id=str(row.id),
        action=row.action,
        actor=ActorKind(row.actor),
        key_id=None if row.key_id is None else str(row.key_id),
        resource_id=row.resource_id,
        request_id=row.request_id,
        data=row.data,
        created_at=timestamp(row.created_at),
    )
