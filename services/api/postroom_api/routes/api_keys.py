"""``/api-keys``: make, list, rename, remove."""

import asyncio

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from postroom_api.bodies import AnyRequest, decode, read_body
from postroom_api.caller import caller_of
from postroom_api.contract import documented
from postroom_api.keys import KeyPage, KeyReference, KeyRemoved, KeyRequest, Keys, NewKey, RenameRequest
from postroom_api.pages import read_id, read_page
from postroom_api.resources import Resources

_CREATE = msgspec.json.Decoder(KeyRequest)
_RENAME = msgspec.json.Decoder(RenameRequest)


def api_key_routes(resources: Resources) -> Router:
    access = resources.access
    keys = Keys(resources.database)

    @post(
        "/",
        operation_class=documented(body=KeyRequest, example={"name": "ci", "permission": "sending_access"}),
        responses={
            201: ResponseSpec(NewKey, description="The key; its token is shown only here.", generate_examples=False)
        },
        summary="Make an API key",
    )
    async def create_key(request: AnyRequest) -> NewKey:
        who = await access.manage(request)
        asked = decode(_CREATE, await read_body(request))
        return await asyncio.to_thread(keys.create, caller_of(request, who), asked)

    @get("/", operation_class=documented(paged=True), summary="List API keys, newest first")
    async def list_keys(request: AnyRequest) -> KeyPage:
        who = await access.manage(request)
        return await asyncio.to_thread(keys.page, who.workspace_id, read_page(request, default=None))

    @patch(
        "/{key_id:str}",
        operation_class=documented(body=RenameRequest, example={"name": "deploys"}),
        summary="Rename an API key",
    )
    async def rename_key(request: AnyRequest, key_id: FromPath[str]) -> KeyReference:
        who = await access.manage(request)
        asked = decode(_RENAME, await read_body(request))
        return await asyncio.to_thread(keys.rename, caller_of(request, who), read_id(key_id), asked)

    @delete("/{key_id:str}", operation_class=documented(), status_code=200, summary="Remove an API key")
    async def remove_key(request: AnyRequest, key_id: FromPath[str]) -> KeyRemoved:
        who = await access.manage(request)
        return await asyncio.to_thread(keys.remove, caller_of(request, who), read_id(key_id))

    return Router(
        "/api-keys",
        route_handlers=[create_key, list_keys, rename_key, remove_key],
        tags=["API keys"],
        security=[{"ApiKey": []}],
    )
