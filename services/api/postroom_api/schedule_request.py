"""The bodies of ``/schedules`` as clients send them. Unknown fields are ignored."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from postroom_api.email_request import EmailRequest
from postroom_domain.catch_up import CatchUp
from postroom_domain.limits import MAX_CATCH_UP

_Cron = Annotated[
    str,
    msgspec.Meta(
        description="Minute, hour, day of month, month and day of week, as cron has them.",
        examples=["30 9 * * MON-FRI"],
    ),
]
_Zone = Annotated[str, msgspec.Meta(description="The name of an IANA time zone.", examples=["Europe/Berlin"])]
_Moment = Annotated[str, msgspec.Meta(description="ISO 8601; without a zone it is UTC.")]
_CatchUp = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(CatchUp)})]
_Limit = Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": MAX_CATCH_UP})]


class ScheduleRequest(msgspec.Struct):
    """A schedule, or what changes of it: a field that is absent stays, and null empties it.

    ``name``, ``cron``, ``timezone`` and ``email`` are needed to make one, and cannot be emptied. The email is as for
    ``POST /emails``, without ``scheduled_at`` and attachments; a change replaces all of it.
    """

    name: str | UnsetType | None = UNSET
    cron: _Cron | UnsetType | None = UNSET
    timezone: _Zone | UnsetType | None = UNSET
    email: EmailRequest | UnsetType | None = UNSET
    starts_at: _Moment | UnsetType | None = UNSET
    ends_at: _Moment | UnsetType | None = UNSET
    catch_up: _CatchUp | UnsetType | None = UNSET
    catch_up_limit: _Limit | UnsetType | None = UNSET


class SchedulePreviewRequest(msgspec.Struct):
    """When such a schedule would send."""

    cron: _Cron | None = None
    timezone: _Zone | None = None
    starts_at: _Moment | None = None
    ends_at: _Moment | None = None
    count: Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": 100})] | None = None
