"""``/domains``: add, list, read, change, verify, delete."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from loguru import logger
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from postroom_api.asking import ask
from postroom_api.bodies import AnyRequest, decode, read_body
from postroom_api.caller import Caller, caller_of
from postroom_api.contract import documented
from postroom_api.domain_answers import (
    DomainDeleted,
    DomainDetails,
    DomainPage,
    DomainReference,
    NewDomainAnswer,
    added,
    details,
    summary,
)
from postroom_api.domain_check import check_change, check_new
from postroom_api.domain_request import CreateDomainRequest, UpdateDomainRequest
from postroom_api.errors import DOMAIN_TAKEN, NOT_FOUND, ApiError, refuse
from postroom_api.pages import read_id, read_page
from postroom_api.resources import Resources
from postroom_api.terms import Terms
from postroom_api.writing import write
from postroom_database.engine import Database
from postroom_database.errors import is_duplicate
from postroom_database.paging import Slice
from postroom_database.repositories import domains, provider_jobs
from postroom_database.repositories.domains import NewDomain, SealedKey
from postroom_database.types import AnyRow
from postroom_domain.dkim_keys import make_dkim_key
from postroom_domain.provider_jobs import RemovedDomain
from postroom_domain.sealing import Seal

_CREATE = msgspec.json.Decoder(CreateDomainRequest)
_UPDATE = msgspec.json.Decoder(UpdateDomainRequest)


@dataclass(frozen=True, slots=True)
class Domains:
    """What is done with domains."""

    database: Database
    terms: Terms
    seal: Seal

    def add(self, caller: Caller, asked: NewDomain) -> NewDomainAnswer:
        if ask(self.database, lambda connection: domains.is_taken(connection, asked.name)):
            raise refuse(DOMAIN_TAKEN, domain=asked.name)
        key = make_dkim_key()
        sealed = SealedKey(key.selector, key.public_key, self.seal.seal(key.private_key))

        def add(connection: Connection) -> AnyRow:
            row = domains.add(connection, caller.workspace_id, asked, sealed)
            caller.note(connection, "domain.created", row.id)
            return row

        try:
            row = write(self.database, add)
        except IntegrityError as problem:
            if not is_duplicate(problem):
                raise
            raise refuse(DOMAIN_TAKEN, domain=asked.name) from None
        _tell("domain.created", caller.workspace_id, row.id)
        return added(row, self.terms)

    def page(self, workspace_id: UUID, wanted: Slice) -> DomainPage:
        rows, has_more = ask(self.database, lambda connection: domains.page(connection, workspace_id, wanted))
        return DomainPage(has_more=has_more, data=[summary(row, self.terms) for row in rows])

    def one(self, workspace_id: UUID, domain_id: UUID) -> DomainDetails:
        row = ask(self.database, lambda connection: domains.get(connection, workspace_id, domain_id))
        if row is None:
            raise _not_found()
        return details(row, self.terms)

    def change(self, caller: Caller, domain_id: UUID, values: dict[str, Any]) -> DomainReference:
        def change(connection: Connection) -> None:
            held = _hold(connection, caller.workspace_id, domain_id)
            if values:
                domains.change(connection, held, values)
                caller.note(connection, "domain.changed", domain_id)

        write(self.database, change)
        _tell("domain.changed", caller.workspace_id, domain_id)
        return DomainReference(str(domain_id))

    def verify(self, caller: Caller, domain_id: UUID) -> DomainReference:
        def ask_provider(connection: Connection) -> None:
            held = _hold(connection, caller.workspace_id, domain_id)
            if not held.declared:
                domains.begin_verification(connection, held)
                provider_jobs.look_at_domain(
                    connection,
                    workspace_id=caller.workspace_id,
                    domain_id=domain_id,
                    request_id=caller.request_id,
                )
                caller.note(connection, "domain.verification_asked", domain_id)

        write(self.database, ask_provider)
        _tell("domain.verification_asked", caller.workspace_id, domain_id)
        return DomainReference(str(domain_id))

    def delete(self, caller: Caller, domain_id: UUID) -> DomainDeleted:
        def remove(connection: Connection) -> None:
            held = _hold(connection, caller.workspace_id, domain_id)
            domains.remove(connection, held)
            provider_jobs.remove_domain(
                connection,
                RemovedDomain(held.name, held.dkim_selector),
                workspace_id=caller.workspace_id,
                domain_id=domain_id,
                request_id=caller.request_id,
            )
            caller.note(connection, "domain.removed", domain_id)

        write(self.database, remove)
        _tell("domain.removed", caller.workspace_id, domain_id)
        return DomainDeleted(str(domain_id))


def domain_routes(resources: Resources) -> Router:
    access, terms = resources.access, resources.terms
    services = Domains(resources.database, terms, Seal(terms.secrets, "dkim"))

    @post(
        "/",
        operation_class=documented(body=CreateDomainRequest, example={"name": "mail.example.com"}),
        responses={201: ResponseSpec(NewDomainAnswer, description="The domain, and what must stand in its DNS.")},
        summary="Add a domain",
    )
    async def create_domain(request: AnyRequest) -> NewDomainAnswer:
        who = await access.manage(request)
        asked = check_new(decode(_CREATE, await read_body(request)), terms)
        return await asyncio.to_thread(services.add, caller_of(request, who), asked)

    @get(
        "/",
        operation_class=documented(paged=True),
        summary="List domains, newest first; all of them without `limit`",
    )
    async def list_domains(request: AnyRequest) -> DomainPage:
        who = await access.manage(request)
        return await asyncio.to_thread(services.page, who.workspace_id, read_page(request, default=None))

    @get("/{domain_id:str}", operation_class=documented(), summary="Read a domain and its DNS records")
    async def get_domain(request: AnyRequest, domain_id: FromPath[str]) -> DomainDetails:
        who = await access.manage(request)
        return await asyncio.to_thread(services.one, who.workspace_id, read_id(domain_id))

    @patch(
        "/{domain_id:str}",
        operation_class=documented(body=UpdateDomainRequest, example={"capabilities": {"sending": "disabled"}}),
        summary="Change a domain",
    )
    async def update_domain(request: AnyRequest, domain_id: FromPath[str]) -> DomainReference:
        who = await access.manage(request)
        values = check_change(decode(_UPDATE, await read_body(request)))
        return await asyncio.to_thread(services.change, caller_of(request, who), read_id(domain_id), values)

    @delete("/{domain_id:str}", operation_class=documented(), summary="Delete a domain", status_code=200)
    async def delete_domain(request: AnyRequest, domain_id: FromPath[str]) -> DomainDeleted:
        who = await access.manage(request)
        return await asyncio.to_thread(services.delete, caller_of(request, who), read_id(domain_id))

    @post(
        "/{domain_id:str}/verify",
        operation_class=documented(),
        summary="Have the DNS records of a domain looked for",
        status_code=200,
    )
    async def verify_domain(request: AnyRequest, domain_id: FromPath[str]) -> DomainReference:
        who = await access.manage(request)
        return await asyncio.to_thread(services.verify, caller_of(request, who), read_id(domain_id))

    return Router(
        "/domains",
        route_handlers=[create_domain, list_domains, get_domain, update_domain, delete_domain, verify_domain],
        tags=["Domains"],
        security=[{"ApiKey": []}],
    )


def _hold(connection: Connection, workspace_id: UUID, domain_id: UUID) -> AnyRow:
    held = domains.hold(connection, workspace_id, domain_id)
    if held is None:
        raise _not_found()
    return held


def _not_found() -> ApiError:
    return refuse(NOT_FOUND, what="Domain")


def _tell(event: str, workspace_id: UUID, domain_id: UUID) -> None:
    logger.info(event, workspace_id=str(workspace_id), domain_id=str(domain_id))
