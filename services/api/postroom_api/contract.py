"""The OpenAPI document: generated from the routes, with the request bodies that the handlers decode themselves."""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Litestar
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
)

from postroom_api.domain_request import CreateDomainRequest, UpdateDomainRequest
from postroom_api.email_request import EmailRequest, RescheduleRequest
from postroom_api.errors import ErrorBody

_REFERENCE = "#/components/schemas/{name}"
_BODIES = (EmailRequest, RescheduleRequest, CreateDomainRequest, UpdateDomainRequest, ErrorBody)
_JSON = "application/json"


def documented(*, body: Any = None, paged: bool = False) -> type[Operation]:
    """How an endpoint is described beyond its handler's signature.

    Args:
        body: the type of the request's body, or a list of it.
        paged: whether it takes limit, after and before.
    """

    @dataclass  # else the constructor that Operation has would not call __post_init__
    class Documented(Operation):
        def __post_init__(self) -> None:
            if body is not None:
                self.request_body = RequestBody(required=True, content={_JSON: OpenAPIMediaType(schema=_schema(body))})
            if paged:
                self.parameters = [*(self.parameters or []), *_page_parameters()]
            self.responses = {
                status: response for status, response in (self.responses or {}).items() if status != "400"
            } | {"4XX": _error("What is wrong, naming the field."), "503": _error("Try again.")}

    return Documented


def contract(app: Litestar) -> dict[str, Any]:
    """The OpenAPI document of an api."""
    document = app.openapi_schema.to_schema()
    _, components = msgspec.json.schema_components(_BODIES, ref_template=_REFERENCE)
    document.setdefault("components", {}).setdefault("schemas", {}).update(components)
    return document


def _schema(body: Any) -> Schema | Reference:
    if getattr(body, "__origin__", None) is list:
        return Schema(type="array", items=_schema(body.__args__[0]))  # type: ignore[arg-type]  # the spec's own names
    return Reference(ref=_REFERENCE.format(name=body.__name__))


def _error(description: str) -> OpenAPIResponse:
    return OpenAPIResponse(
        description=description,
        content={_JSON: OpenAPIMediaType(schema=Reference(ref=_REFERENCE.format(name="ErrorBody")))},
    )


def _page_parameters() -> list[Parameter]:
    text = {
        "limit": "How many, from 1 to 100. When absent: 20, or all where the list says so.",
        "after": "Only what is older than this id.",
        "before": "Only what is newer than this id.",
    }
    return [
        Parameter(name=name, param_in="query", required=False, description=about, schema=Schema(type="string"))  # type: ignore[arg-type]  # the spec's own names
        for name, about in text.items()
    ]
