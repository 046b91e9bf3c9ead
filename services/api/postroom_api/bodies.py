"""Reading a request's body: bounded, one copy, and with an error that says what is wrong with it."""

import re
from typing import TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import State

from postroom_api.errors import INVALID_JSON, TOO_LARGE, VALIDATION, ApiError

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Above the largest message in base64 with all that JSON adds around it."""

Body = bytes | bytearray
AnyRequest = Request[None, None, State]

_Decoded = TypeVar("_Decoded")
_WHERE = re.compile(r"^(?P<what>.*?) - at `(?P<path>\$[^`]*)`$", re.DOTALL)


async def read_body(request: AnyRequest) -> Body:
    """The whole body.

    Raises:
        ApiError: 413 above the limit; 400 when the client went away in the middle.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BODY_BYTES:
        raise _too_large()
    message = await request.receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        return message["body"]
    buffer = bytearray()
    while message["type"] == "http.request":
        buffer += message["body"]
        if len(buffer) > MAX_BODY_BYTES:
            raise _too_large()
        if not message.get("more_body", False):
            return buffer
        message = await request.receive()
    raise ApiError(INVALID_JSON, "The request ended before its body was complete.")


def decode(decoder: msgspec.json.Decoder[_Decoded], body: Body) -> _Decoded:
    """The body as what the endpoint expects.

    Raises:
        ApiError: 400 for what is no JSON; 422 naming the field that is of another kind than expected.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as problem:
        raise ApiError(VALIDATION, _explain(str(problem))) from None
    except msgspec.DecodeError as problem:
        raise ApiError(INVALID_JSON, f"The request body is not valid JSON: {problem}.") from None
    except UnicodeDecodeError:
        raise ApiError(INVALID_JSON, "The request body is not valid UTF-8.") from None
    except RecursionError:
        raise ApiError(INVALID_JSON, "The request body is nested too deeply.") from None


def _explain(problem: str) -> str:
    found = _WHERE.match(problem)
    if found is None:
        return f"Invalid request body. {problem}."
    field = found["path"].removeprefix("$").removeprefix(".").replace("[...]", "")
    return f"Invalid `{field}` field. {found['what']}."


def _too_large() -> ApiError:
    return ApiError(TOO_LARGE, f"The request body is larger than {MAX_BODY_BYTES // 1024 // 1024} MB.")
