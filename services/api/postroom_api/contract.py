"""The OpenAPI document: generated from the routes, with the request bodies that the handlers decode themselves."""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Litestar
from litestar.openapi.spec import (
    Example,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
)

from postroom_api.email_request import EmailRequest, RescheduleRequest
from postroom_api.errors import ErrorBody
from postroom_api.keys import KeyRequest, RenameRequest
from postroom_api.template_request import PreviewRequest, TemplateRequest

_REFERENCE = "#/components/schemas/{name}"
_BODIES = (
    EmailRequest,
    RescheduleRequest,
    KeyRequest,
    RenameRequest,
    TemplateRequest,
    PreviewRequest,
    ErrorBody,
)
_JSON = "application/json"


def documented(
    *, body: Any = None, example: Any = None, paged: bool = False, link: bool = False, named: bool = False
) -> type[Operation]:
    """How an endpoint is described beyond its handler's signature.

    Args:
        body: the type of the request's body, or a list of it.
        example: one that is accepted.
        paged: whether it takes limit, after and before.
        link: whether it is reached by a signed link.
        named: whether what its path names may have a name beside its id.
    """

    @dataclass  # else the constructor that Operation has would not call __post_init__
    class Documented(Operation):
        def __post_init__(self) -> None:
            if body is not None:
                media = OpenAPIMediaType(schema=_schema(body))
                if example is not None:
                    media.examples = {"accepted": Example(value=example)}
                self.request_body = RequestBody(required=True, content={_JSON: media})
            for parameter in self.parameters or []:
                if isinstance(parameter, Parameter) and parameter.param_in == "path" and not named:
                    parameter.schema = Schema(type="string", format="uuid")  # type: ignore[arg-type]  # the spec's own names
            if paged:
                self.parameters = [*(self.parameters or []), *_page_parameters()]
            if link:
                self.parameters = [*(self.parameters or []), *_link_parameters()]
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
    identity = Schema(type="string", format="uuid")  # type: ignore[arg-type]  # the spec's own names
    number = Schema(type="integer", minimum=1, maximum=100)  # type: ignore[arg-type]  # likewise
    return [
        _query_parameter("limit", "How many.", number, required=False),
        _query_parameter("after", "Only what is older than this id.", identity, required=False),
        _query_parameter("before", "Only what is newer than this id.", identity, required=False),
    ]


def _link_parameters() -> list[Parameter]:
    text = {"expires": "When the link ends, in seconds since 1970.", "signature": "Made with the link."}
    schema = Schema(type="string")  # type: ignore[arg-type]  # the spec's own names
    return [_query_parameter(name, about, schema, required=True) for name, about in text.items()]


def _query_parameter(name: str, about: str, schema: Schema, *, required: bool) -> Parameter:
    return Parameter(
        name=name,
        param_in="query",
        required=required,
        description=about,
        schema=schema,
    )
