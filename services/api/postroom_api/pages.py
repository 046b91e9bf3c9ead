"""Which page of a list a client asks for."""

import re
from collections.abc import Callable
from uuid import UUID

from postroom_api.bodies import AnyRequest
from postroom_api.errors import INVALID_PAGE, INVALID_PARAMETER, refuse
from postroom_database.paging import Slice
from postroom_domain.ids import parse_id

_DEFAULT_LIMIT = 20
_MAX_LIMIT = 100
_NUMBER = re.compile(r"[0-9]{1,3}")


def read_page(
    request: AnyRequest,
    *,
    default: int | None = _DEFAULT_LIMIT,
    read: Callable[[str], UUID | None] = parse_id,
) -> Slice:
    """``limit``, ``after`` and ``before`` of the query.

    Args:
        request: whose query it is.
        default: the limit when none is asked for; None for lists that are then answered whole, as Resend's older
            ones are.
        read: what the list's ids are in the database; None for what is no id of it.

    Raises:
        ApiError: 422 naming the parameter.
    """
    query = request.query_params
    limit = default if query.get("limit") is None else read_limit(request)
    after, before = query.get("after"), query.get("before")
    if after and before:
        raise refuse(INVALID_PAGE, reason="Only one of `after` and `before` can be given.")
    return Slice(limit, _cursor("after", after, read), _cursor("before", before, read))


def read_limit(request: AnyRequest) -> int:
    """``limit`` of the query.

    Raises:
        ApiError: 422 naming it.
    """
    text = request.query_params.get("limit", str(_DEFAULT_LIMIT))
    if not (_NUMBER.fullmatch(text) and 1 <= int(text) <= _MAX_LIMIT):
        raise refuse(INVALID_PAGE, reason=f"The pagination limit must be a number between 1 and {_MAX_LIMIT}.")
    return int(text)


def read_id(text: str, name: str = "id") -> UUID:
    """An id of the path.

    Raises:
        ApiError: 422 when it is no UUID.
    """
    found = parse_id(text)
    if found is None:
        raise refuse(INVALID_PARAMETER, name=name)
    return found


def _cursor(name: str, text: str | None, read: Callable[[str], UUID | None]) -> UUID | None:
    if not text:
        return None
    found = read(text)
    if found is None:
        raise refuse(INVALID_PAGE, reason=f"The pagination cursor `{name}` must be an id of the list.")
    return found
