"""``/emails/{id}/attachments``, and the links that their answers hold."""

import asyncio
import re

from litestar import Router, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from litestar.response import Stream

from postroom_api.attachments import AttachmentDetails, AttachmentPage, Attachments
from postroom_api.bodies import AnyRequest
from postroom_api.contract import documented
from postroom_api.downloads import download_headers
from postroom_api.links import Links
from postroom_api.pages import read_id, read_page
from postroom_api.resources import Resources

_LINK_SECONDS = 3600
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+")


def attachment_routes(resources: Resources) -> list[Router]:
    access = resources.access
    links = Links(resources.terms.secrets, "attachments", public_url=resources.terms.public_url, seconds=_LINK_SECONDS)
    attachments = Attachments(resources.database, links)

    @get("/", operation_class=documented(paged=True), summary="List an email's attachments")
    async def list_attachments(request: AnyRequest, email_id: FromPath[str]) -> AttachmentPage:
        who = await access.manage(request)
        wanted = read_page(request, default=None)
        return await asyncio.to_thread(attachments.page, request, who.workspace_id, read_id(email_id), wanted)

    @get("/{attachment_id:str}", operation_class=documented(), summary="Read an attachment, with a link to its bytes")
    async def get_attachment(
        request: AnyRequest, email_id: FromPath[str], attachment_id: FromPath[str]
    ) -> AttachmentDetails:
        who = await access.manage(request)
        ids = read_id(email_id), read_id(attachment_id, "attachment_id")
        return await asyncio.to_thread(attachments.one, request, who.workspace_id, *ids)

    @get(
        "/{attachment_id:str}",
        operation_class=documented(link=True),
        responses={200: ResponseSpec(bytes, description="The attachment.", media_type="application/octet-stream")},
        summary="Download an attachment by its link",
    )
    async def download_attachment(request: AnyRequest, attachment_id: FromPath[str]) -> Stream:
        row = await asyncio.to_thread(attachments.linked, request, read_id(attachment_id, "attachment_id"))
        media_type = _TYPE.match(row.content_type)
        headers = download_headers(row.filename) | {
            "content-length": str(row.size),
            # The bare type: parameters are the client's own text.
            "content-type": media_type.group() if media_type else "application/octet-stream",
        }
        return Stream(attachments.pieces(row), headers=headers)

    return [
        Router(
            "/emails/{email_id:str}/attachments",
            route_handlers=[list_attachments, get_attachment],
            tags=["Emails"],
            security=[{"ApiKey": []}],
        ),
        Router("/attachments", route_handlers=[download_attachment], tags=["Links"]),
    ]
