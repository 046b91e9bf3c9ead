"""From an exception to the error body that Resend's clients understand."""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap
from loguru import logger

from postroom_api.errors import (
    FAILED,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    VALIDATION,
    ApiError,
    Kind,
    unavailable,
)
from postroom_database.errors import DatabaseUnavailable

_AnyRequest = Request[Any, Any, Any]
_BY_STATUS = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED}
_TEXT = {404: "The requested endpoint does not exist.", 405: "Method is not allowed for the requested path."}


def _answer(problem: ApiError) -> Response[bytes]:
    return Response(
        msgspec.json.encode(problem.body()),
        status_code=problem.kind.status,
        media_type="application/json",
        headers=problem.headers,
    )


def _refused(_request: _AnyRequest, problem: ApiError) -> Response[bytes]:
    return _answer(problem)


def _unavailable(_request: _AnyRequest, problem: DatabaseUnavailable) -> Response[bytes]:
    logger.warning("request.postponed", reason=str(problem))
    return _answer(unavailable())


def _framework(_request: _AnyRequest, problem: HTTPException) -> Response[bytes]:
    kind = _BY_STATUS.get(problem.status_code)
    if kind is not None:
        return _answer(ApiError(kind, _TEXT[problem.status_code], dict(problem.headers or {})))
    if problem.status_code < FAILED.status:
        return _answer(ApiError(Kind(problem.status_code, VALIDATION.name), problem.detail))
    return _failed(_request, problem)


def _failed(_request: _AnyRequest, problem: Exception) -> Response[bytes]:
    logger.opt(exception=problem).error("request.failed")
    return _answer(ApiError(FAILED, "Something went wrong on our side. The request id names it in the logs."))


HANDLERS: ExceptionHandlersMap = {
    ApiError: _refused,
    DatabaseUnavailable: _unavailable,
    HTTPException: _framework,
    Exception: _failed,
}
