"""The bodies of ``/templates`` as clients send them. Unknown fields are ignored."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from postroom_api.bodies import EmptyList
from postroom_domain.template_variables import VariableType

AnyValue = Annotated[Any, msgspec.Meta(extra_json_schema={"type": ["string", "number", "boolean", "null"]})]
"""A value of a variable; its type is checked where the variable is known, so that the error can name it."""

_Type = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(VariableType)})]
_Text = Annotated[str, msgspec.Meta(description="May hold `{{{KEY}}}`.")]


class VariableRequest(msgspec.Struct):
    """A variable; without a fallback each email must give its value."""

    key: str | None = None
    type: _Type | None = None
    fallback_value: AnyValue = None
    fallback_value_camel: AnyValue = msgspec.field(default=None, name="fallbackValue")


class TemplateRequest(msgspec.Struct):
    """A template, or what changes of it: a field that is absent stays, and null empties it.

    ``name`` and ``html`` are needed to make one, and cannot be emptied.
    """

    name: str | UnsetType | None = UNSET
    alias: str | UnsetType | None = UNSET
    from_: _Text | UnsetType | None = msgspec.field(default=UNSET, name="from")
    subject: _Text | UnsetType | None = UNSET
    reply_to: _Text | list[_Text] | UnsetType | None = UNSET
    html: _Text | UnsetType | None = UNSET
    text: _Text | UnsetType | None = UNSET
    variables: list[VariableRequest] | UnsetType | None = UNSET


class PreviewRequest(msgspec.Struct):
    """Values to look at a template with."""

    variables: dict[str, AnyValue] | EmptyList | None = None
    version: Annotated[str, msgspec.Meta(extra_json_schema={"enum": ["draft", "published"]})] | None = None
