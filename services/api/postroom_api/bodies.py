"""Reading a request's body: bounded, one copy, and with an error that says what is wrong with it."""

import re
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import State

from postroom_api.bounds import MAX_SMALL_BODY_BYTES, MEGABYTE
from postroom_api.errors import INVALID_BODY, TOO_LARGE, UNREADABLE_BODY, ApiError, invalid, refuse

Body = bytes | bytearray
AnyRequest = Request[None, None, State]

EmptyList = Annotated[list[Any], msgspec.Meta(extra_json_schema={"maxItems": 0})]
"""What PHP's clients send for an object without fields."""

_Decoded = TypeVar("_Decoded")
_Value = TypeVar("_Value")
_WHERE = re.compile(r"^(?P<what>.*?) - at `(?P<path>\$[^`]*)`$", re.DOTALL)


async def read_body(request: AnyRequest, *, max_bytes: int = MAX_SMALL_BODY_BYTES) -> Body:
    """The whole body.

    Raises:
        ApiError: 413 above the limit; 400 when the client went away in the middle.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise refuse(TOO_LARGE, limit=max_bytes // MEGABYTE)
    message = await request.receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        return message["body"]
    buffer = bytearray()
    while message["type"] == "http.request":
        buffer += message["body"]
        if len(buffer) > max_bytes:
            raise refuse(TOO_LARGE, limit=max_bytes // MEGABYTE)
        if not message.get("more_body", False):
            return buffer
        message = await request.receive()
    raise refuse(UNREADABLE_BODY, reason="it ended before it was complete.")


def decode(decoder: msgspec.json.Decoder[_Decoded], body: Body) -> _Decoded:
    """The body as what the endpoint expects.

    Raises:
        ApiError: 400 for what is no JSON; 422 naming the field that is of another kind than expected.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as problem:
        raise _explain(str(problem)) from None
    except msgspec.DecodeError as problem:
        raise refuse(UNREADABLE_BODY, reason=f"it is no JSON: {problem}.") from None
    except UnicodeDecodeError:
        raise refuse(UNREADABLE_BODY, reason="it is not UTF-8.") from None
    except RecursionError:
        raise refuse(UNREADABLE_BODY, reason="it is nested too deeply.") from None


def fields_of(value: dict[str, _Value] | list[Any] | None, name: str) -> dict[str, _Value]:
    """An object that may be absent, or an empty list instead of an empty object.

    Raises:
        ApiError: a list that holds something, naming the field.
    """
    if not value:
        return {}
    if isinstance(value, list):
        raise invalid(name, "Expected `object`, got `array`.")
    return value


def _explain(problem: str) -> ApiError:
    found = _WHERE.match(problem)
    if found is None:
        return refuse(INVALID_BODY, reason=f"{problem}.")
    field = found["path"].removeprefix("$").removeprefix(".").replace("[...]", "")
    return invalid(field, f"{found['what']}.")
