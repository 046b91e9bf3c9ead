"""Schedules as clients manage them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from loguru import logger
from sqlalchemy import Connection

from postroom_api.asking import ask
from postroom_api.caller import Caller
from postroom_api.errors import NOT_FOUND, ApiError, invalid, refuse
from postroom_api.schedule_answers import (
    ScheduleDetails,
    SchedulePage,
    SchedulePreview,
    ScheduleReference,
    ScheduleRemoved,
    SlotPage,
    schedule_details,
    schedule_preview,
    schedule_summary,
    slot_details,
)
from postroom_api.schedule_check import Timing, new_settings, new_timing, timing_of
from postroom_api.schedule_request import SchedulePreviewRequest, ScheduleRequest
from postroom_api.writing import write
from postroom_database.engine import Database
from postroom_database.paging import Slice
from postroom_database.repositories import schedules
from postroom_database.repositories.schedules import SlotSlice
from postroom_database.types import AnyRow
from postroom_domain.schedules import ScheduleStatus

_REMOVED = {"status": ScheduleStatus.REMOVED.value, "next_slot": None, "next_at": None}


@dataclass(frozen=True, slots=True)
class Schedules:
    database: Database

    def create(self, caller: Caller, asked: ScheduleRequest, email: dict[str, Any]) -> ScheduleReference:
        """Store a schedule that begins now, or when it says."""
        values = new_settings(asked) | {"email": email}
        timing = new_timing(asked)
        timetable = timing.timetable()

        def add(connection: Connection) -> UUID:
            due = schedules.from_now_on(connection, timetable)
            if due["next_at"] is None:
                raise _without_slots()
            columns = values | _columns(timing) | due
            schedule_id = schedules.add(connection, caller.workspace_id, caller.key_id, caller.request_id, columns)
            caller.note(connection, "schedule.created", schedule_id)
            return schedule_id

        schedule_id = write(self.database, add)
        logger.info("schedule.created", workspace_id=str(caller.workspace_id), schedule_id=str(schedule_id))
        return ScheduleReference(str(schedule_id))

    def page(self, workspace_id: UUID, wanted: Slice) -> SchedulePage:
        rows, has_more = ask(self.database, lambda connection: schedules.page(connection, workspace_id, wanted))
        return SchedulePage(has_more=has_more, data=[schedule_summary(row) for row in rows])

    def one(self, workspace_id: UUID, schedule_id: UUID) -> ScheduleDetails:
        return schedule_details(self._get(workspace_id, schedule_id))

    def change(
        self, caller: Caller, schedule_id: UUID, asked: ScheduleRequest, email: dict[str, Any] | None
    ) -> ScheduleReference:
        """Change a schedule; a new timing counts from now on, so that it brings nothing for the past."""

        def change(connection: Connection, row: AnyRow) -> dict[str, Any]:
            values = new_settings(asked, row)
            if email is not None:
                values |= {"email": email}
            timing = new_timing(asked, timing_of(row))
            if timing != timing_of(row):
                values |= _columns(timing)
                timetable = timing.timetable()
                if row.status != ScheduleStatus.PAUSED.value:
                    values |= schedules.from_now_on(connection, timetable)
            return values

        return self._locked(caller, schedule_id, change, "schedule.changed")

    def pause(self, caller: Caller, schedule_id: UUID) -> ScheduleReference:
        """Fire nothing until it is resumed. One that has ended stays ended."""
        return self._locked(
            caller,
            schedule_id,
            lambda _, row: {} if row.status == ScheduleStatus.ENDED.value else schedules.PAUSED,
            "schedule.paused",
        )

    def resume(self, caller: Caller, schedule_id: UUID) -> ScheduleReference:
        """Go on from now: what was due meanwhile is not caught up."""

        def resume(connection: Connection, row: AnyRow) -> dict[str, Any]:
            if row.status != ScheduleStatus.PAUSED.value:
                return {}
            return schedules.from_now_on(connection, timing_of(row).timetable()) | {"reason": None}

        return self._locked(caller, schedule_id, resume, "schedule.resumed")

    def remove(self, caller: Caller, schedule_id: UUID) -> ScheduleRemoved:
        """Emails that it brought stay."""
        self._locked(caller, schedule_id, lambda _, __: _REMOVED, "schedule.removed")
        return ScheduleRemoved(str(schedule_id))

    def slots(self, workspace_id: UUID, schedule_id: UUID, wanted: SlotSlice) -> SlotPage:
        def read(connection: Connection) -> SlotPage:
            if schedules.get(connection, workspace_id, schedule_id) is None:
                raise _not_found()
            rows, has_more = schedules.slots(connection, schedule_id, wanted)
            return SlotPage(has_more=has_more, data=[slot_details(row) for row in rows])

        return ask(self.database, read)

    def preview(self, workspace_id: UUID, schedule_id: UUID, count: int) -> SchedulePreview:
        """The next slots, also of one that is paused: what it would do."""
        return self._preview(timing_of(self._get(workspace_id, schedule_id)), count)

    def preview_new(self, asked: SchedulePreviewRequest, count: int) -> SchedulePreview:
        return self._preview(new_timing(asked), count)

    def _preview(self, timing: Timing, count: int) -> SchedulePreview:
        timetable = timing.timetable()
        now = ask(self.database, schedules.now)
        return schedule_preview(islice(timetable.slots(now), count))

    def _get(self, workspace_id: UUID, schedule_id: UUID) -> AnyRow:
        row = ask(self.database, lambda connection: schedules.get(connection, workspace_id, schedule_id))
        if row is None:
            raise _not_found()
        return row

    def _locked(
        self,
        caller: Caller,
        schedule_id: UUID,
        work: Callable[[Connection, AnyRow], dict[str, Any]],
        action: str,
    ) -> ScheduleReference:
        """Change a schedule while none of its slots fires, and tell of it."""

        def act(connection: Connection) -> None:
            row = schedules.lock(connection, caller.workspace_id, schedule_id)
            if row is None:
                raise _not_found()
            schedules.change(connection, schedule_id, work(connection, row))
            caller.note(connection, action, schedule_id)

        write(self.database, act)
        logger.info(action, workspace_id=str(caller.workspace_id), schedule_id=str(schedule_id))
        return ScheduleReference(str(schedule_id))


def _columns(timing: Timing) -> dict[str, Any]:
    return {
        "cron": timing.cron,
        "timezone": timing.timezone,
        "starts_at": timing.starts_at,
        "ends_at": timing.ends_at,
    }


def _without_slots() -> ApiError:
    return invalid("ends_at", "No slot is left before it.")


def _not_found() -> ApiError:
    return refuse(NOT_FOUND, what="Schedule")
