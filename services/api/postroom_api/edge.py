"""What happens to every request before and after the routes: its id, its path, its line in the log."""

import asyncio
import re
import time
from contextlib import AbstractContextManager

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from loguru import logger

from postroom_api.errors import unavailable
from postroom_api.metrics import ANSWERED, REFUSED
from postroom_domain.ids import new_id
from postroom_tracing.identity import Origin
from postroom_tracing.traceparent import TraceParent
from postroom_tracing.traces import NOTHING, TRACES, Noting

ANSWER_HEADERS = "answer_headers"
"""In a request's state: headers that its answer gets, whatever it is."""

REASON = "reason"
"""In a request's state: why it was put off, for the log."""

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_MAY_BE_ADDRESS = re.compile("[@%]")
_SERVER_ERROR = 500
_UNAVAILABLE = 503
_CLIENT_ERROR = 400
_PROBES = frozenset({"/livez", "/readyz", "/metrics", "/version"})
"""Asked every few seconds, by no client: no trace of its own for each."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Edge:
    """ASGI middleware around the whole application.

    A request id that the client sends in ``x-request-id`` is kept, else one is made; it stands in the answer, in
    every log line, and on every email that the request causes. Where traces are sent it is the trace's id, too: one
    that the client's ``traceparent`` brings is kept as if it were the request's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.inner = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.inner(scope, receive, send)
            return
        caller = _caller(scope["headers"]) if TRACES.are_on else None
        request_id = _request_id(scope["headers"], caller)
        scope.setdefault("state", {})["request_id"] = request_id
        if scope["path"].startswith("//"):  # what SDKs make of a base URL with a slash at its end
            scope["path"] = "/" + scope["path"].lstrip("/")
        started = time.perf_counter()
        status = _SERVER_ERROR
        has_begun = False

        async def send_with_id(message: Message) -> None:
            nonlocal status, has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                    *scope["state"].get(ANSWER_HEADERS, ()),
                ]
            await send(message)

        with (
            logger.contextualize(request_id=request_id),
            _span(scope, request_id, caller) as span,
        ):
            try:
                await self.inner(scope, receive, send_with_id)
            except asyncio.CancelledError:
                # The drain time is over, and the database has not answered: the client comes again.
                if has_begun:
                    raise
                await _put_off(send_with_id)
            finally:
                self._note(scope, status, time.perf_counter() - started)
                _trace(span, scope, status)

    @staticmethod
    def _note(scope: Scope, status: int, seconds: float) -> None:
        method = str(scope.get("method", ""))
        ANSWERED.labels(_method(scope), str(status)).observe(seconds)
        level = (
            "WARNING"  # the client comes again
            if status == _UNAVAILABLE
            else "ERROR"
            if status >= _SERVER_ERROR
            else "INFO"
            if status >= _CLIENT_ERROR
            else "DEBUG"
        )
        logger.log(
            level,
            "request.answered",
            method=method,
            # An address may stand in a path; then only the route is told.
            path=scope.get("path_template", "") if _MAY_BE_ADDRESS.search(scope["path"]) else scope["path"],
            status=status,
            reason=scope["state"].get(REASON),
            milliseconds=round(seconds * 1000, 1),
        )


async def _put_off(send: Send) -> None:
    refusal = unavailable()
    REFUSED.labels(refusal.kind.name).inc()
    body = msgspec.json.encode(refusal.body())
    headers = {"content-type": "application/json", "content-length": str(len(body)), **refusal.headers}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": _UNAVAILABLE, "headers": pairs})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _method(scope: Scope) -> str:
    """A client may invent as many as it likes: of those that are none of HTTP's, no more is told."""
    method = str(scope.get("method", ""))
    return method if method in _METHODS else "other"


def _span(scope: Scope, request_id: str, caller: TraceParent | None) -> AbstractContextManager[Noting]:
    if scope["path"] in _PROBES:
        return NOTHING
    return TRACES.span(_method(scope), kind="server", of=Origin(request_id), caller=caller)


def _trace(span: Noting, scope: Scope, status: int) -> None:
    # The route, never the path: that may hold an address.
    route = str(scope.get("path_template") or "")
    span.rename(f"{_method(scope)} {route}".strip())
    span.note({"http.request.method": _method(scope), "http.route": route or None, "http.response.status_code": status})
    if status >= _SERVER_ERROR:
        span.fail(str(status))


def _caller(headers: object) -> TraceParent | None:
    for name, value in headers:  # type: ignore[attr-defined]  # pairs of bytes, says ASGI
        if name == b"traceparent":
            return TRACES.read_caller(value.decode("latin-1"))
    return None


def _request_id(headers: object, caller: TraceParent | None) -> str:
    for name, value in headers:  # type: ignore[attr-defined]  # pairs of bytes, says ASGI
        if name == b"x-request-id" and _GIVEN_ID.fullmatch(value):
            return str(value, "ascii")
    return new_id().hex if caller is None else caller.trace_id
