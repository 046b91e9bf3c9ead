"""``/webhooks``: endpoints that are told what happens, and what they were told."""

import asyncio
from contextlib import nullcontext

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from postroom_api.access import Access
from postroom_api.bodies import AnyRequest, decode, read_body
from postroom_api.caller import caller_of
from postroom_api.contract import EVENT_IDENTITY, documented
from postroom_api.pages import read_id, read_page
from postroom_api.resources import Resources
from postroom_api.webhook_answers import (
    WebhookAttemptPage,
    WebhookDeleted,
    WebhookDetails,
    WebhookEventDetails,
    WebhookEventPage,
    WebhookEventReference,
    WebhookPage,
    WebhookReference,
    WebhookSecret,
)
from postroom_api.webhook_log import WebhookLog
from postroom_api.webhook_request import CreateWebhookRequest, UpdateWebhookRequest
from postroom_api.webhooks import Webhooks
from postroom_domain.sealing import Seal
from postroom_domain.webhook_signatures import parse_message_id
from postroom_egress.fetch import Egress

_CREATE = msgspec.json.Decoder(CreateWebhookRequest)
_UPDATE = msgspec.json.Decoder(UpdateWebhookRequest)
_EXAMPLE = {"endpoint": "https://example.com/webhooks", "events": ["email.delivered", "email.bounced"]}

_RESOLVE_SECONDS = 3.0
"""How long a client waits for the addresses of an endpoint's host."""
_RESOLVING = 2
"""Threads that may wait for such addresses at once: how long that takes, a client's own DNS decides."""


def webhook_routes(resources: Resources) -> list[Router]:
    access = resources.access
    webhooks = Webhooks(
        resources.database,
        Seal(resources.terms.secrets, "webhook"),
        Egress(resources.terms.reachable, _RESOLVE_SECONDS),
    )
    turn = asyncio.Semaphore(_RESOLVING)

    @post(
        "/",
        operation_class=documented(body=CreateWebhookRequest, example=_EXAMPLE),
        responses={201: ResponseSpec(WebhookSecret, description="The webhook, and what its requests are signed with.")},
        summary="Add a webhook",
    )
    async def create_webhook(request: AnyRequest) -> WebhookSecret:
        who = await access.manage(request)
        asked = decode(_CREATE, await read_body(request))
        async with turn:
            return await asyncio.to_thread(webhooks.create, caller_of(request, who), asked)

    @get(
        "/",
        operation_class=documented(paged=True),
        summary="List webhooks, newest first; all of them without `limit`",
    )
    async def list_webhooks(request: AnyRequest) -> WebhookPage:
        who = await access.manage(request)
        return await asyncio.to_thread(webhooks.page, who.workspace_id, read_page(request, default=None))

    @get("/{webhook_id:str}", operation_class=documented(), summary="Read a webhook and its signing secret")
    async def get_webhook(request: AnyRequest, webhook_id: FromPath[str]) -> WebhookDetails:
        who = await access.manage(request)
        return await asyncio.to_thread(webhooks.one, who.workspace_id, read_id(webhook_id))

    @patch(
        "/{webhook_id:str}",
        operation_class=documented(body=UpdateWebhookRequest, example={"status": "disabled"}),
        summary="Change, enable or disable a webhook",
    )
    async def update_webhook(request: AnyRequest, webhook_id: FromPath[str]) -> WebhookReference:
        who = await access.manage(request)
        asked = decode(_UPDATE, await read_body(request))
        named = read_id(webhook_id)
        async with turn if asked.endpoint is not None else nullcontext():
            return await asyncio.to_thread(webhooks.change, caller_of(request, who), named, asked)

    @delete("/{webhook_id:str}", operation_class=documented(), summary="Delete a webhook", status_code=200)
    async def delete_webhook(request: AnyRequest, webhook_id: FromPath[str]) -> WebhookDeleted:
        who = await access.manage(request)
        named = read_id(webhook_id)
        return await asyncio.to_thread(webhooks.delete, caller_of(request, who), named)

    @post(
        "/{webhook_id:str}/signing-secret/rotate",
        operation_class=documented(),
        summary="Sign with a new secret; the present one signs as well for 24 hours",
        status_code=200,
    )
    async def rotate_signing_secret(request: AnyRequest, webhook_id: FromPath[str]) -> WebhookSecret:
        who = await access.manage(request)
        named = read_id(webhook_id)
        return await asyncio.to_thread(webhooks.rotate, caller_of(request, who), named)

    managing = Router(
        "/webhooks",
        route_handlers=[
            create_webhook,
            list_webhooks,
            get_webhook,
            update_webhook,
            delete_webhook,
            rotate_signing_secret,
        ],
        tags=["Webhooks"],
        security=[{"ApiKey": []}],
    )
    return [managing, _log_routes(access, WebhookLog(resources.database))]


def _log_routes(access: Access, log: WebhookLog) -> Router:
    @get(
        "/",
        operation_class=documented(paged=True, cursor=EVENT_IDENTITY),
        summary="List the events of a webhook, newest first",
    )
    async def list_events(request: AnyRequest, webhook_id: FromPath[str]) -> WebhookEventPage:
        who = await access.manage(request)
        wanted = read_page(request, read=parse_message_id)
        return await asyncio.to_thread(log.page, who.workspace_id, read_id(webhook_id), wanted)

    @get("/{event_id:str}", operation_class=documented(), summary="Read an event and what is posted of it")
    async def get_event(request: AnyRequest, webhook_id: FromPath[str], event_id: FromPath[str]) -> WebhookEventDetails:
        who = await access.manage(request)
        named = parse_message_id(event_id)
        return await asyncio.to_thread(log.one, who.workspace_id, read_id(webhook_id), named)

    @get(
        "/{event_id:str}/attempts",
        operation_class=documented(paged=True),
        summary="List the attempts to post an event, newest first",
    )
    async def list_attempts(
        request: AnyRequest, webhook_id: FromPath[str], event_id: FromPath[str]
    ) -> WebhookAttemptPage:
        who = await access.manage(request)
        named, wanted = parse_message_id(event_id), read_page(request)
        return await asyncio.to_thread(log.attempts, who.workspace_id, read_id(webhook_id), named, wanted)

    @post(
        "/{event_id:str}/replay",
        operation_class=documented(),
        summary="Post an event once more",
        status_code=200,
    )
    async def replay_event(
        request: AnyRequest, webhook_id: FromPath[str], event_id: FromPath[str]
    ) -> WebhookEventReference:
        who = await access.manage(request)
        named = parse_message_id(event_id)
        return await asyncio.to_thread(log.replay, caller_of(request, who), read_id(webhook_id), named)

    return Router(
        "/webhooks/{webhook_id:str}/events",
        route_handlers=[list_events, get_event, list_attempts, replay_event],
        tags=["Webhooks"],
        security=[{"ApiKey": []}],
    )
