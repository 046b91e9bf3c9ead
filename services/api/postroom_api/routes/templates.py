"""``/templates``: make, list, read, edit, publish, duplicate, remove; and look at one with values."""

import asyncio

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from postroom_api.bodies import AnyRequest, decode, read_body
from postroom_api.bounds import MAX_TEMPLATE_BODY_BYTES
from postroom_api.caller import caller_of
from postroom_api.contract import documented
from postroom_api.pages import read_page
from postroom_api.resources import Resources
from postroom_api.template_answers import (
    TemplateDetails,
    TemplatePage,
    TemplatePreview,
    TemplateReference,
    TemplateRemoved,
)
from postroom_api.template_request import PreviewRequest, TemplateRequest
from postroom_api.templates import Templates

_TEMPLATE = msgspec.json.Decoder(TemplateRequest)
_PREVIEW = msgspec.json.Decoder(PreviewRequest)
_EXAMPLE = {
    "name": "Order confirmation",
    "from": "Shop <orders@example.com>",
    "subject": "Your order {{{ORDER}}}",
    "html": "<p>{{{PRODUCT}}} is on its way.</p>",
    "variables": [
        {"key": "ORDER", "type": "number", "fallback_value": 0},
        {"key": "PRODUCT", "type": "string", "fallback_value": "It"},
    ],
}


def template_routes(resources: Resources) -> Router:
    access = resources.access
    templates = Templates(resources.database)

    @post(
        "/",
        operation_class=documented(body=TemplateRequest, example=_EXAMPLE),
        responses={201: ResponseSpec(TemplateReference, description="The template is stored, as a draft.")},
        summary="Make a template",
    )
    async def create_template(request: AnyRequest) -> TemplateReference:
        who = await access.manage(request)
        asked = decode(_TEMPLATE, await read_body(request, max_bytes=MAX_TEMPLATE_BODY_BYTES))
        return await asyncio.to_thread(templates.create, caller_of(request, who), asked)

    @get("/", operation_class=documented(paged=True), summary="List templates, newest first")
    async def list_templates(request: AnyRequest) -> TemplatePage:
        who = await access.manage(request)
        return await asyncio.to_thread(templates.page, who.workspace_id, read_page(request))

    @get("/{id_or_alias:str}", operation_class=documented(), summary="Read a template's draft")
    async def get_template(request: AnyRequest, id_or_alias: FromPath[str]) -> TemplateDetails:
        who = await access.manage(request)
        return await asyncio.to_thread(templates.one, who.workspace_id, id_or_alias)

    @patch(
        "/{id_or_alias:str}",
        operation_class=documented(body=TemplateRequest, example={"subject": "It is on its way"}),
        summary="Edit a template's draft",
    )
    async def change_template(request: AnyRequest, id_or_alias: FromPath[str]) -> TemplateReference:
        who = await access.manage(request)
        asked = decode(_TEMPLATE, await read_body(request, max_bytes=MAX_TEMPLATE_BODY_BYTES))
        return await asyncio.to_thread(templates.change, caller_of(request, who), id_or_alias, asked)

    @delete("/{id_or_alias:str}", operation_class=documented(), status_code=200, summary="Remove a template")
    async def remove_template(request: AnyRequest, id_or_alias: FromPath[str]) -> TemplateRemoved:
        who = await access.manage(request)
        return await asyncio.to_thread(templates.remove, caller_of(request, who), id_or_alias)

    @post(
        "/{id_or_alias:str}/publish",
        operation_class=documented(),
        status_code=200,
        summary="Publish a template's draft",
    )
    async def publish_template(request: AnyRequest, id_or_alias: FromPath[str]) -> TemplateReference:
        who = await access.manage(request)
        return await asyncio.to_thread(templates.publish, caller_of(request, who), id_or_alias)

    @post(
        "/{id_or_alias:str}/duplicate",
        operation_class=documented(),
        status_code=200,
        summary="Copy a template's draft into a new template",
    )
    async def duplicate_template(request: AnyRequest, id_or_alias: FromPath[str]) -> TemplateReference:
        who = await access.manage(request)
        return await asyncio.to_thread(templates.duplicate, caller_of(request, who), id_or_alias)

    @post(
        "/{id_or_alias:str}/preview",
        operation_class=documented(body=PreviewRequest, example={"variables": {"ORDER": 7}}),
        status_code=200,
        summary="Look at a template with values",
    )
    async def preview_template(request: AnyRequest, id_or_alias: FromPath[str]) -> TemplatePreview:
        who = await access.manage(request)
        asked = decode(_PREVIEW, await read_body(request) or b"{}")
        return await asyncio.to_thread(templates.preview, who.workspace_id, id_or_alias, asked)

    return Router(
        "/templates",
        route_handlers=[
            create_template,
            list_templates,
            get_template,
            change_template,
            remove_template,
            publish_template,
            duplicate_template,
            preview_template,
        ],
        tags=["Templates"],
        security=[{"ApiKey": []}],
    )
