"""The bodies of ``/domains`` as clients send them. Unknown fields are ignored, because SDKs repeat the id in them."""

from typing import Annotated

import msgspec


class CapabilitiesRequest(msgspec.Struct):
    sending: str | None = None
    receiving: str | None = None


class UpdateDomainRequest(msgspec.Struct):
    open_tracking: bool | None = None
    click_tracking: bool | None = None
    tls: str | None = None
    capabilities: CapabilitiesRequest | None = None
    tracking_subdomain: str | None = None


class CreateDomainRequest(UpdateDomainRequest):
    name: Annotated[str, msgspec.Meta(extra_json_schema={"format": "hostname"})] | None = None
    region: str | None = None
    custom_return_path: str | None = None
