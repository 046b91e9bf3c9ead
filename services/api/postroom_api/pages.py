"""Which page of a list a client asks for."""

import re
from dataclasses import dataclass
from uuid import UUID

from postroom_api.bodies import AnyRequest
from postroom_api.errors import INVALID_PARAMETER, VALIDATION, ApiError
from postroom_domain.ids import parse_id

_DEFAULT_LIMIT = 20
_MAX_LIMIT = 100
_NUMBER = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Page:
    limit: int
    after: UUID | None
    before: UUID | None


def read_page(request: AnyRequest) -> Page:
    """``limit``, ``after`` and ``before`` of the query.

    Raises:
        ApiError: 422 naming the parameter.
    """
    query = request.query_params
    limit = query.get("limit", str(_DEFAULT_LIMIT))
    if not (_NUMBER.fullmatch(limit) and 1 <= int(limit) <= _MAX_LIMIT):
        raise ApiError(VALIDATION, f"The pagination limit must be a number between 1 and {_MAX_LIMIT}.")
    after, before = query.get("after"), query.get("before")
    if after and before:
        raise ApiError(VALIDATION, "Only one of `after` and `before` can be given.")
    return Page(int(limit), _cursor("after", after), _cursor("before", before))


def read_id(text: str, name: str = "id") -> UUID:
    """An id of the path.

    Raises:
        ApiError: 422 when it is no UUID.
    """
    found = parse_id(text)
    if found is None:
        raise ApiError(INVALID_PARAMETER, f"The `{name}` must be a valid UUID.")
    return found


def _cursor(name: str, text: str | None) -> UUID | None:
    if not text:
        return None
    found = parse_id(text)
    if found is None:
        raise ApiError(VALIDATION, f"The pagination cursor `{name}` must be the id of an email.")
    return found
