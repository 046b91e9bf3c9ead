"""What clients call the things that they make."""

from postroom_api.errors import MISSING_FIELD, invalid, refuse
from postroom_domain.headers import has_control


def read_name(name: str | None, *, longest: int) -> str:
    """The ``name`` of a request.

    Raises:
        ApiError: there is none, it is longer than its column, or no terminal could show it.
    """
    if not name:
        raise refuse(MISSING_FIELD, field="name")
    if len(name) > longest or has_control(name):
        raise invalid("name", f"It must be at most {longest} characters, without control characters.")
    return name
