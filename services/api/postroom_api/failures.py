"""From an exception to the error body that Resend's clients understand."""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap
from loguru import logger

from postroom_api.bounds import MAX_BODY_BYTES, MEGABYTE
from postroom_api.edge import REASON
from postroom_api.errors import (
    FAILED,
    METHOD_NOT_ALLOWED,
    NO_ENDPOINT,
    TOO_LARGE,
    UNREADABLE_REQUEST,
    ApiError,
    unavailable,
)
from postroom_api.metrics import REFUSED
from postroom_database.errors import DatabaseUnavailable

_AnyRequest = Request[Any, Any, Any]
_BY_STATUS = {404: NO_ENDPOINT, 405: METHOD_NOT_ALLOWED, 413: TOO_LARGE}


def _answer(problem: ApiError) -> Response[bytes]:
    REFUSED.labels(problem.kind.name).inc()
    return Response(
        msgspec.json.encode(problem.body()),
        status_code=problem.kind.status,
        media_type="application/json",
        headers=problem.headers,
    )


def _refused(_request: _AnyRequest, problem: ApiError) -> Response[bytes]:
    return _answer(problem)


def _unavailable(request: _AnyRequest, problem: DatabaseUnavailable) -> Response[bytes]:
    request.scope["state"][REASON] = str(problem)
    return _answer(unavailable())


def _framework(_request: _AnyRequest, problem: HTTPException) -> Response[bytes]:
    kind = _BY_STATUS.get(problem.status_code)
    if kind is not None:
        return _answer(ApiError(kind, {"limit": MAX_BODY_BYTES // MEGABYTE}, dict(problem.headers or {})))
    if problem.status_code < FAILED.status:
        return _answer(ApiError(UNREADABLE_REQUEST, {"reason": problem.detail}))
    return _failed(_request, problem)


def _failed(_request: _AnyRequest, problem: Exception) -> Response[bytes]:
    logger.opt(exception=problem).error("request.failed")
    return _answer(ApiError(FAILED))


HANDLERS: ExceptionHandlersMap = {
    ApiError: _refused,
    DatabaseUnavailable: _unavailable,
    HTTPException: _framework,
    Exception: _failed,
}
