"""``/suppressions``: whom a workspace does not send to."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath
from loguru import logger
from sqlalchemy import Connection

from postroom_api.asking import ask
from postroom_api.bodies import AnyRequest, decode, read_body
from postroom_api.caller import Caller, caller_of
from postroom_api.contract import documented
from postroom_api.errors import INVALID_SUPPRESSION, NOT_FOUND, ApiError, invalid, refuse
from postroom_api.pages import read_page
from postroom_api.resources import Resources
from postroom_api.suppression_answers import (
    AddedSuppressions,
    RemovedSuppression,
    RemovedSuppressions,
    SuppressionDetails,
    SuppressionPage,
    SuppressionReference,
    suppression,
)
from postroom_api.suppression_request import (
    AddSuppressionRequest,
    AddSuppressionsRequest,
    RemoveSuppressionsRequest,
    address_to_add,
    addresses_to_add,
    names_to_remove,
)
from postroom_api.writing import write
from postroom_database.engine import Database
from postroom_database.paging import Slice
from postroom_database.repositories import suppressions
from postroom_database.repositories.suppressions import Added, NewSuppression, SuppressionRecord
from postroom_domain.addresses import parse_mailbox
from postroom_domain.errors import InvalidAddress
from postroom_domain.ids import parse_id
from postroom_domain.suppressions import Origin

_ADD = msgspec.json.Decoder(AddSuppressionRequest)
_ADD_MANY = msgspec.json.Decoder(AddSuppressionsRequest)
_REMOVE_MANY = msgspec.json.Decoder(RemoveSuppressionsRequest)
_ORIGINS = ", ".join(f"`{origin}`" for origin in Origin)


@dataclass(frozen=True, slots=True)
class Suppressions:
    """What is done with suppressions."""

    database: Database

    def add(self, caller: Caller, addresses: Sequence[str]) -> list[SuppressionReference]:
        wanted = [NewSuppression(address, Origin.MANUAL) for address in addresses]

        def add(connection: Connection) -> list[Added]:
            added = suppressions.add(connection, caller.workspace_id, wanted)
            caller.note_each(connection, "suppression.added", [one.id for one in added if one.is_new])
            return added

        added = write(self.database, add)
        for one in added:
            if one.is_new:
                logger.info(
                    "suppression.added",
                    workspace_id=str(caller.workspace_id),
                    suppression_id=str(one.id),
                    origin=one.origin.value,
                )
        return [SuppressionReference(str(one.id)) for one in added]

    def page(self, workspace_id: UUID, wanted: Slice, origin: Origin | None) -> SuppressionPage:
        records, has_more = ask(
            self.database, lambda connection: suppressions.page(connection, workspace_id, wanted, origin=origin)
        )
        return SuppressionPage(has_more=has_more, data=[suppression(record) for record in records])

    def one(self, workspace_id: UUID, name: UUID | str) -> SuppressionDetails:
        record = ask(self.database, lambda connection: suppressions.get(connection, workspace_id, name))
        if record is None:
            raise _not_found()
        return suppression(record)

    def remove(self, caller: Caller, names: Sequence[UUID | str]) -> list[RemovedSuppression]:
        """Those that were there."""

        def remove(connection: Connection) -> list[SuppressionRecord]:
            removed = suppressions.remove(connection, caller.workspace_id, names, request_id=caller.request_id)
            caller.note_each(connection, "suppression.removed", [record.id for record in removed])
            return removed

        removed = write(self.database, remove)
        for record in removed:
            logger.info(
                "suppression.removed",
                workspace_id=str(caller.workspace_id),
                suppression_id=str(record.id),
                origin=record.origin.value,
            )
        return [RemovedSuppression(str(record.id)) for record in removed]

    def remove_one(self, caller: Caller, name: UUID | str) -> RemovedSuppression:
        removed = self.remove(caller, [name])
        if not removed:
            raise _not_found()
        return removed[0]


def suppression_routes(resources: Resources) -> Router:
    access = resources.access
    services = Suppressions(resources.database)

    @post(
        "/",
        operation_class=documented(body=AddSuppressionRequest, example={"email": "former@example.com"}),
        summary="Suppress an address",
        status_code=201,
    )
    async def add_suppression(request: AnyRequest) -> SuppressionReference:
        who = await access.manage(request)
        address = address_to_add(decode(_ADD, await read_body(request)))
        [added] = await asyncio.to_thread(services.add, caller_of(request, who), [address])
        return added

    @post(
        "/batch/add",
        operation_class=documented(body=AddSuppressionsRequest, example={"emails": ["former@example.com"]}),
        summary="Suppress up to 100 addresses",
        status_code=201,
    )
    async def add_suppressions(request: AnyRequest) -> AddedSuppressions:
        who = await access.manage(request)
        addresses = addresses_to_add(decode(_ADD_MANY, await read_body(request)))
        return AddedSuppressions(await asyncio.to_thread(services.add, caller_of(request, who), addresses))

    @post(
        "/batch/remove",
        operation_class=documented(body=RemoveSuppressionsRequest, example={"emails": ["former@example.com"]}),
        summary="Send to up to 100 addresses again",
        status_code=200,
    )
    async def remove_suppressions(request: AnyRequest) -> RemovedSuppressions:
        who = await access.manage(request)
        names = names_to_remove(decode(_REMOVE_MANY, await read_body(request)))
        return RemovedSuppressions(await asyncio.to_thread(services.remove, caller_of(request, who), names))

    @get(
        "/",
        operation_class=documented(paged=True, query={"origin": f"Only those of this origin: {_ORIGINS}."}),
        summary="List suppressions, newest first",
    )
    async def list_suppressions(request: AnyRequest) -> SuppressionPage:
        who = await access.manage(request)
        return await asyncio.to_thread(services.page, who.workspace_id, read_page(request), _read_origin(request))

    @get("/{id_or_email:str}", operation_class=documented(), summary="Read a suppression, by its id or its address")
    async def get_suppression(request: AnyRequest, id_or_email: FromPath[str]) -> SuppressionDetails:
        who = await access.manage(request)
        return await asyncio.to_thread(services.one, who.workspace_id, _read_name(id_or_email))

    @delete(
        "/{id_or_email:str}",
        operation_class=documented(),
        summary="Send to an address again",
        status_code=200,
    )
    async def remove_suppression(request: AnyRequest, id_or_email: FromPath[str]) -> RemovedSuppression:
        who = await access.manage(request)
        name = _read_name(id_or_email)
        return await asyncio.to_thread(services.remove_one, caller_of(request, who), name)

    return Router(
        "/suppressions",
        route_handlers=[
            add_suppression,
            add_suppressions,
            remove_suppressions,
            list_suppressions,
            get_suppression,
            remove_suppression,
        ],
        tags=["Suppressions"],
        security=[{"ApiKey": []}],
    )


def _read_name(text: str) -> UUID | str:
    """An id or an address of the path."""
    suppression_id = parse_id(text)
    if suppression_id is not None:
        return suppression_id
    try:
        return parse_mailbox(text).address
    except InvalidAddress:
        raise refuse(INVALID_SUPPRESSION) from None


def _read_origin(request: AnyRequest) -> Origin | None:
    text = request.query_params.get("origin")
    if not text:
        return None
    try:
        return Origin(text)
    except ValueError:
        raise invalid("origin", f"It must be one of {_ORIGINS}.") from None


def _not_found() -> ApiError:
    return refuse(NOT_FOUND, what="Suppression")
