"""``/inbox``: captured mail in a browser. Only there with the ``inbox:`` transport.

No API key is asked for, so the api listens on loopback then, and a page of the internet that a browser is made to
resolve to loopback is refused by its Host.
"""

import ipaddress
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, Router, get
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from postroom_api.bodies import AnyRequest
from postroom_api.captured import Captured, MessageDetails, MessageList, summarize
from postroom_api.downloads import download_headers
from postroom_api.errors import LOOPBACK_ONLY, NOT_FOUND, ApiError, refuse
from postroom_api.pages import read_id
from postroom_database.engine import Database
from postroom_database.repositories import inbox

_STATIC = Path(__file__).parent.parent / "inbox_page"
_TYPES = {"inbox.js": "text/javascript; charset=utf-8", "inbox.css": "text/css; charset=utf-8"}
_LISTED = 500
_SEARCHED = 5000

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MAIL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'{remote}; img-src data:{remote}; font-src data:{remote};"
    " media-src data:{remote}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_SAFE = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-store"}


def inbox_routes(database: Database, *, exposed: bool) -> Router:
    """The routes.

    Args:
        database: where captured mail is.
        exposed: whether an operator has let the inbox be reached under any name.
    """

    def guard(connection: ASGIConnection[BaseRouteHandler, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        if not exposed and not is_loopback_host(connection.headers.get("host", "")):
            raise refuse(LOOPBACK_ONLY)

    def captured(message_id: UUID) -> Captured:
        return Captured(_raw(message_id))

    def _raw(message_id: UUID) -> bytes:
        with database.read() as connection:
            raw = inbox.raw(connection, message_id)
        if raw is None:
            raise _not_found()
        return raw

    @get("/", sync_to_thread=True)
    def inbox_page() -> Response[bytes]:
        return Response(
            (_STATIC / "index.html").read_bytes(),
            media_type="text/html; charset=utf-8",
            headers=_SAFE | {"content-security-policy": _PAGE_POLICY},
        )

    @get("/assets/{name:str}", sync_to_thread=True)
    def inbox_asset(name: FromPath[str]) -> Response[bytes]:
        if name not in _TYPES:
            raise _not_found()
        return Response((_STATIC / name).read_bytes(), media_type=_TYPES[name], headers=_SAFE)

    @get("/messages", sync_to_thread=True)
    def list_messages(request: AnyRequest) -> MessageList:
        wanted = request.query_params.get("to", "").strip().lower()
        with database.read() as connection:
            rows = inbox.newest(connection, _SEARCHED if wanted else _LISTED)
        shown = [row for row in rows if not wanted or any(wanted in to.lower() for to in row.recipients)]
        return MessageList([summarize(row) for row in shown[:_LISTED]])

    @get("/messages/{message_id:str}", sync_to_thread=True)
    def show_message(message_id: FromPath[str]) -> MessageDetails:
        found = read_id(message_id)
        with database.read() as connection:
            row = inbox.get(connection, found)
        if row is None:
            raise _not_found()
        message = captured(found)
        return MessageDetails(
            **msgspec.structs.asdict(summarize(row)),
            size=row.size,
            headers=message.headers(),
            text=message.text(),
            has_html=message.has_html(),
            attachments=message.attachments(),
        )

    @get("/messages/{message_id:str}/html", sync_to_thread=True)
    def show_html(request: AnyRequest, message_id: FromPath[str]) -> Response[str]:
        html = captured(read_id(message_id)).html()
        if html is None:
            raise _not_found()
        remote = " http: https:" if request.query_params.get("remote") == "1" else ""
        policy = _MAIL_POLICY.format(remote=remote)
        return Response(
            html, media_type="text/html; charset=utf-8", headers=_SAFE | {"content-security-policy": policy}
        )

    @get("/messages/{message_id:str}/raw", sync_to_thread=True)
    def show_source(message_id: FromPath[str]) -> Response[bytes]:
        return Response(_raw(read_id(message_id)), media_type="message/rfc822", headers=_SAFE)

    @get("/messages/{message_id:str}/attachments/{index:int}", sync_to_thread=True)
    def download(message_id: FromPath[str], index: FromPath[int]) -> Response[bytes]:
        file = captured(read_id(message_id)).file(index)
        if file is None:
            raise _not_found()
        return Response(file.content, media_type="application/octet-stream", headers=download_headers(file.filename))

    return Router(
        "/inbox",
        route_handlers=[
            inbox_page,
            inbox_asset,
            list_messages,
            show_message,
            show_html,
            show_source,
            download,
        ],
        guards=[guard],
        include_in_schema=False,
    )


def is_loopback_host(host: str) -> bool:
    """Whether a Host header names this machine itself, as a page from elsewhere cannot."""
    name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
    name = name.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _not_found() -> ApiError:
    return refuse(NOT_FOUND, what="Captured message")
