"""The bodies of the requests about suppressions. Every field is optional, so that a missing one can be named."""

from typing import Annotated
from uuid import UUID

import msgspec

from postroom_api.errors import INVALID_BODY, MISSING_FIELD, invalid, refuse
from postroom_domain.addresses import parse_mailbox
from postroom_domain.errors import InvalidAddress
from postroom_domain.ids import parse_id
from postroom_domain.limits import MAX_SUPPRESSION_BATCH

_Address = Annotated[str, msgspec.Meta(extra_json_schema={"format": "email"})]
_Id = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uuid"})]


class AddSuppressionRequest(msgspec.Struct):
    email: _Address | None = None


class AddSuppressionsRequest(msgspec.Struct):
    """1 to 100 addresses."""

    emails: list[_Address] | None = None


class RemoveSuppressionsRequest(msgspec.Struct):
    """1 to 100 addresses, or as many ids."""

    emails: list[_Address] | None = None
    ids: list[_Id] | None = None


def address_to_add(request: AddSuppressionRequest) -> str:
    """Raise ApiError when there is none, or it is none."""
    if not request.email:
        raise refuse(MISSING_FIELD, field="email")
    return _address(request.email, "email")


def addresses_to_add(request: AddSuppressionsRequest) -> list[str]:
    """Raise ApiError when one is wrong, or there are none or too many."""
    return _addresses(request.emails or [])


def names_to_remove(request: RemoveSuppressionsRequest) -> list[str] | list[UUID]:
    """Addresses or ids; raise ApiError when one is wrong, there are none or too many, or both are given."""
    if request.emails and request.ids:
        raise refuse(INVALID_BODY, reason="Give either `emails` or `ids`, not both.")
    if request.ids:
        return _ids(request.ids)
    if not request.emails:
        raise refuse(INVALID_BODY, reason="Give `emails` or `ids`.")
    return _addresses(request.emails)


def _addresses(given: list[str]) -> list[str]:
    if not given:
        raise refuse(MISSING_FIELD, field="emails")
    _check_count(given, "emails")
    return [_address(text, f"emails[{index}]") for index, text in enumerate(given)]


def _ids(given: list[str]) -> list[UUID]:
    _check_count(given, "ids")
    found = [parse_id(text) for text in given]
    if None in found:
        raise invalid(f"ids[{found.index(None)}]", "It must be a valid UUID.")
    return [suppression_id for suppression_id in found if suppression_id is not None]


def _address(text: str, field: str) -> str:
    try:
        return parse_mailbox(text).address
    except InvalidAddress as problem:
        raise invalid(field, f"The email address needs to follow the `email@example.com` format. {problem}") from None


def _check_count(given: list[str], field: str) -> None:
    if len(given) > MAX_SUPPRESSION_BATCH:
        raise invalid(field, f"It must hold 1 to {MAX_SUPPRESSION_BATCH}.")
