"""The OpenAPI document: generated from the routes, with the request bodies that the handlers decode themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

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

from postroom_api.errors import ErrorBody

_REFERENCE = "#/components/schemas/{name}"
_JSON = "application/json"
_METHODS = ("get", "post", "patch", "delete")
_TEXT = Schema(type="string")  # type: ignore[arg-type]  # the spec's own names
_IDENTITY = Schema(type="string", format="uuid")  # type: ignore[arg-type]  # likewise
EVENT_IDENTITY = Schema(type="string", pattern="^msg_[0-9a-f]{32}$")  # type: ignore[arg-type]  # likewise
"""Of an event on its way to a webhook."""
_LIMIT = Schema(type="integer", minimum=1, maximum=100)  # type: ignore[arg-type]  # likewise


def documented(
    *,
    body: Any = None,
    example: Any = None,
    paged: bool = False,
    cursor: Schema = _IDENTITY,
    query: Mapping[str, str] | None = None,
    link: bool = False,
) -> type[Operation]:
    """How an endpoint is described beyond its handler's signature.

    Args:
        body: the type of the request's body, or a list of it.
        example: a body that is accepted.
        paged: whether it takes limit, after and before.
        cursor: what after and before are.
        query: its other parameters, and what each means.
        link: whether it is reached by a signed link.
    """

    @dataclass  # else the constructor that Operation has would not call __post_init__
    class Documented(Operation):
        body_type: ClassVar[Any] = body

        def __post_init__(self) -> None:
            if body is not None:
                media = OpenAPIMediaType(schema=_schema(body))
                if example is not None:
                    media.examples = {"accepted": Example(value=example)}
                self.request_body = RequestBody(required=True, content={_JSON: media})
            more = [*(_page_parameters(cursor) if paged else ()), *(_link_parameters() if link else ())]
            more += [_query_parameter(name, about, _TEXT, required=False) for name, about in (query or {}).items()]
            self.parameters = [*(self.parameters or []), *more]
            for parameter in self.parameters:
                if isinstance(parameter, Parameter) and parameter.param_in == "path" and parameter.name.endswith("_id"):
                    parameter.schema = EVENT_IDENTITY if parameter.name == "event_id" else _IDENTITY
            self.responses = {
                status: response for status, response in (self.responses or {}).items() if status != "400"
            } | {"4XX": _error("What is wrong, naming the field."), "503": _error("Try again.")}

    return Documented


def contract(app: Litestar) -> dict[str, Any]:
    """The OpenAPI document of an api."""
    document = app.openapi_schema.to_schema()
    bodies = {body.__name__: body for body in _bodies(app)}
    _, components = msgspec.json.schema_components([*bodies.values(), ErrorBody], ref_template=_REFERENCE)
    document.setdefault("components", {}).setdefault("schemas", {}).update(components)
    return document


def _bodies(app: Litestar) -> Iterator[Any]:
    """The types of all documented bodies."""
    for path in (app.openapi_schema.paths or {}).values():
        for method in _METHODS:
            body = getattr(getattr(path, method), "body_type", None)
            if body is not None:
                yield _item_of(body)


def _item_of(body: Any) -> Any:
    return body.__args__[0] if getattr(body, "__origin__", None) is list else body


def _schema(body: Any) -> Schema | Reference:
    item = Reference(ref=_REFERENCE.format(name=_item_of(body).__name__))
    if body is _item_of(body):
        return item
    return Schema(type="array", items=item)  # type: ignore[arg-type]  # the spec's own names


def _error(description: str) -> OpenAPIResponse:
    return OpenAPIResponse(
        description=description,
        content={_JSON: OpenAPIMediaType(schema=Reference(ref=_REFERENCE.format(name="ErrorBody")))},
    )


def _page_parameters(cursor: Schema) -> list[Parameter]:
    return [
        _query_parameter("limit", "How many.", _LIMIT, required=False),
        _query_parameter("after", "Only what is older than this id.", cursor, required=False),
        _query_parameter("before", "Only what is newer than this id.", cursor, required=False),
    ]


def _link_parameters() -> list[Parameter]:
    return [
        _query_parameter("expires", "When the link ends, in seconds since 1970.", _TEXT, required=True),
        _query_parameter("signature", "Made with the link.", _TEXT, required=True),
    ]


def _query_parameter(name: str, about: str, schema: Schema, *, required: bool) -> Parameter:
    return Parameter(name=name, param_in="query", required=required, description=about, schema=schema)
