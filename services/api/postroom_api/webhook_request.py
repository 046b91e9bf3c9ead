"""The bodies of ``/webhooks`` as clients send them. Unknown fields are ignored, because SDKs repeat the id in them."""

from typing import Annotated

import msgspec


class UpdateWebhookRequest(msgspec.Struct):
    """What is absent stays as it is."""

    endpoint: Annotated[str, msgspec.Meta(extra_json_schema={"format": "uri"})] | None = None
    events: list[str] | None = None
    status: str | None = None


class CreateWebhookRequest(msgspec.Struct):
    endpoint: Annotated[str, msgspec.Meta(extra_json_schema={"format": "uri"})] | None = None
    events: list[str] | None = None
