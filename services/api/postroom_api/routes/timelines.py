"""``/emails/{id}/events``: all that happened to an email."""

import asyncio
from uuid import UUID

from litestar import Router, get
from litestar.params import FromPath

from postroom_api.asking import ask
from postroom_api.bodies import AnyRequest
from postroom_api.contract import documented
from postroom_api.errors import NOT_FOUND, refuse
from postroom_api.pages import read_id, read_page
from postroom_api.resources import Resources
from postroom_api.timeline_answers import TimelinePage, timeline_event
from postroom_database.engine import Database
from postroom_database.paging import Slice
from postroom_database.repositories import timelines


def timeline_routes(resources: Resources) -> Router:
    access = resources.access

    @get("/{email_id:str}/events", operation_class=documented(paged=True), summary="List an email's events")
    async def list_events(request: AnyRequest, email_id: FromPath[str]) -> TimelinePage:
        """All that happened to it, newest first."""
        who = await access.manage(request)
        return await asyncio.to_thread(
            _page, resources.database, who.workspace_id, read_id(email_id), read_page(request)
        )

    return Router("/emails", route_handlers=[list_events], tags=["Emails"], security=[{"ApiKey": []}])


def _page(database: Database, workspace_id: UUID, email_id: UUID, wanted: Slice) -> TimelinePage:
    found = ask(database, lambda connection: timelines.page(connection, workspace_id, email_id, wanted))
    if found is None:
        raise refuse(NOT_FOUND, what="Email")
    rows, has_more = found
    return TimelinePage(has_more=has_more, data=[timeline_event(row) for row in rows])
