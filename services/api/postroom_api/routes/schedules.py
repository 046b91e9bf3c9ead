"""``/schedules``: make, list, read, change, pause, resume, remove; and past and coming slots. Postroom's own."""

import asyncio
import re

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from msgspec import UNSET

from postroom_api.bodies import AnyRequest, decode, read_body
from postroom_api.caller import caller_of
from postroom_api.contract import documented
from postroom_api.errors import INVALID_PAGE, invalid, refuse
from postroom_api.pages import read_id, read_limit, read_page
from postroom_api.resources import Resources
from postroom_api.schedule_answers import (
    ScheduleDetails,
    SchedulePage,
    SchedulePreview,
    ScheduleReference,
    ScheduleRemoved,
    SlotPage,
)
from postroom_api.schedule_check import RecurringEmails
from postroom_api.schedule_request import SchedulePreviewRequest, ScheduleRequest
from postroom_api.schedules import Schedules
from postroom_database.repositories.schedules import SlotSlice
from postroom_domain.timetables import SLOT

_SCHEDULE = msgspec.json.Decoder(ScheduleRequest)
_PREVIEW = msgspec.json.Decoder(SchedulePreviewRequest)
_COUNT = re.compile(r"[0-9]{1,3}", re.ASCII)
_DEFAULT_COUNT, _MAX_COUNT = 5, 100
_TIMING = {"cron": "0 9 * * MON", "timezone": "Europe/Berlin"}
_EXAMPLE = {
    "name": "Weekly report",
    **_TIMING,
    "email": {
        "from": "Reports <reports@example.com>",
        "to": ["team@example.com"],
        "subject": "Your week",
        "html": "<p>All is well.</p>",
    },
}


def schedule_routes(resources: Resources) -> Router:
    access = resources.access
    schedules = Schedules(resources.database)
    emails = RecurringEmails(resources.senders, resources.database)

    @post(
        "/",
        operation_class=documented(body=ScheduleRequest, example=_EXAMPLE),
        responses={201: ResponseSpec(ScheduleReference, description="The schedule is stored, and active.")},
        summary="Make a schedule",
    )
    async def create_schedule(request: AnyRequest) -> ScheduleReference:
        who = await access.manage(request)
        asked = decode(_SCHEDULE, await read_body(request))
        email = await emails.check(asked.email, who, request.state.request_id)
        return await asyncio.to_thread(schedules.create, caller_of(request, who), asked, email)

    @get("/", operation_class=documented(paged=True), summary="List schedules, newest first")
    async def list_schedules(request: AnyRequest) -> SchedulePage:
        who = await access.manage(request)
        return await asyncio.to_thread(schedules.page, who.workspace_id, read_page(request))

    @post(
        "/preview",
        operation_class=documented(body=SchedulePreviewRequest, example=_TIMING),
        status_code=200,
        summary="Say when a schedule would send, before it is made",
    )
    async def preview_new_schedule(request: AnyRequest) -> SchedulePreview:
        await access.manage(request)
        asked = decode(_PREVIEW, await read_body(request))
        count = _DEFAULT_COUNT if asked.count is None else asked.count
        if not 1 <= count <= _MAX_COUNT:
            raise invalid("count", f"It must be a number between 1 and {_MAX_COUNT}.")
        return await asyncio.to_thread(schedules.preview_new, asked, count)

    @get("/{schedule_id:str}", operation_class=documented(), summary="Read a schedule")
    async def get_schedule(request: AnyRequest, schedule_id: FromPath[str]) -> ScheduleDetails:
        who = await access.manage(request)
        return await asyncio.to_thread(schedules.one, who.workspace_id, read_id(schedule_id))

    @patch(
        "/{schedule_id:str}",
        operation_class=documented(body=ScheduleRequest, example={"cron": "0 8 * * MON"}),
        summary="Change a schedule",
    )
    async def change_schedule(request: AnyRequest, schedule_id: FromPath[str]) -> ScheduleReference:
        who = await access.manage(request)
        asked = decode(_SCHEDULE, await read_body(request))
        found = read_id(schedule_id)
        email = None
        if asked.email is not UNSET:
            email = await emails.check(asked.email, who, request.state.request_id)
        return await asyncio.to_thread(schedules.change, caller_of(request, who), found, asked, email)

    @delete("/{schedule_id:str}", operation_class=documented(), status_code=200, summary="Remove a schedule")
    async def remove_schedule(request: AnyRequest, schedule_id: FromPath[str]) -> ScheduleRemoved:
        who = await access.manage(request)
        return await asyncio.to_thread(schedules.remove, caller_of(request, who), read_id(schedule_id))

    @post(
        "/{schedule_id:str}/pause",
        operation_class=documented(),
        status_code=200,
        summary="Pause a schedule",
    )
    async def pause_schedule(request: AnyRequest, schedule_id: FromPath[str]) -> ScheduleReference:
        who = await access.manage(request)
        return await asyncio.to_thread(schedules.pause, caller_of(request, who), read_id(schedule_id))

    @post(
        "/{schedule_id:str}/resume",
        operation_class=documented(),
        status_code=200,
        summary="Resume a schedule",
    )
    async def resume_schedule(request: AnyRequest, schedule_id: FromPath[str]) -> ScheduleReference:
        who = await access.manage(request)
        return await asyncio.to_thread(schedules.resume, caller_of(request, who), read_id(schedule_id))

    @get(
        "/{schedule_id:str}/slots",
        operation_class=documented(
            query={
                "limit": "How many, 1 to 100.",
                "after": "Only what is older than this slot.",
                "before": "Only what is newer than this slot.",
            }
        ),
        summary="List what became of slots, newest first",
    )
    async def list_slots(request: AnyRequest, schedule_id: FromPath[str]) -> SlotPage:
        who = await access.manage(request)
        wanted = _slot_slice(request)
        return await asyncio.to_thread(schedules.slots, who.workspace_id, read_id(schedule_id), wanted)

    @get(
        "/{schedule_id:str}/preview",
        operation_class=documented(query={"count": f"How many, 1 to {_MAX_COUNT}."}),
        summary="Say when a schedule sends next",
    )
    async def preview_schedule(request: AnyRequest, schedule_id: FromPath[str]) -> SchedulePreview:
        who = await access.manage(request)
        text = request.query_params.get("count", str(_DEFAULT_COUNT))
        if not (_COUNT.fullmatch(text) and 1 <= int(text) <= _MAX_COUNT):
            raise invalid("count", f"It must be a number between 1 and {_MAX_COUNT}.")
        return await asyncio.to_thread(schedules.preview, who.workspace_id, read_id(schedule_id), int(text))

    return Router(
        "/schedules",
        route_handlers=[
            create_schedule,
            list_schedules,
            preview_new_schedule,
            get_schedule,
            change_schedule,
            remove_schedule,
            pause_schedule,
            resume_schedule,
            list_slots,
            preview_schedule,
        ],
        tags=["Schedules"],
        security=[{"ApiKey": []}],
    )


def _slot_slice(request: AnyRequest) -> SlotSlice:
    after, before = (request.query_params.get(name) or None for name in ("after", "before"))
    if after and before:
        raise refuse(INVALID_PAGE, reason="Only one of `after` and `before` can be given.")
    for name, text in (("after", after), ("before", before)):
        if text is not None and not SLOT.fullmatch(text):
            raise refuse(INVALID_PAGE, reason=f"The pagination cursor `{name}` must be a slot of the list.")
    return SlotSlice(read_limit(request), after, before)
