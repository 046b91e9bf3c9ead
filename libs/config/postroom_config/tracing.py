from typing import Annotated, Literal, Self
from urllib.parse import unquote

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from postroom_config.numbers import Decimal, Whole
from postroom_config.settings import Block
from postroom_config.urls import require_host, split_url
from postroom_config.variable import Variable

_LOCAL = "http://localhost:4318"
_PATH = "/v1/traces"
_EXPECTED_URL = "http://HOST:PORT or https://HOST"
_EXPORTERS = ("otlp", "none")
_PROTOCOL = "http/json"
_LATIN_1 = 0xFF
"""Its last character."""
_UNREAD = "Where no traces are sent, any value is accepted."


class TracingSettings(Block):
    """Traces: by OpenTelemetry's own names, and none unless one of them is set."""

    exporter: Annotated[
        str | None,
        Variable(
            "OTEL_TRACES_EXPORTER",
            example="otlp",
            expected=" or ".join(_EXPORTERS),
            about="Without it traces are sent where an endpoint is named; where none is, nothing of tracing is loaded. "
            + _UNREAD,
        ),
    ] = None
    disabled: Annotated[bool, Variable("OTEL_SDK_DISABLED", about="Switches traces off, whatever else is set.")] = False
    endpoint: Annotated[
        str | None,
        Variable(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            example="http://collector:4318",
            expected=_EXPECTED_URL,
            about=f"The collector; `{_PATH}` is added. With OTEL_TRACES_EXPORTER=otlp alone: {_LOCAL}.",
        ),
    ] = None
    traces_endpoint: Annotated[
        str | None,
        Variable(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            example="https://traces.example.com/v1/traces",
            expected=_EXPECTED_URL,
            about="The whole address for traces, where they go elsewhere.",
        ),
    ] = None
    protocol: Annotated[
        str,
        Variable(
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            expected=_PROTOCOL,
            about=f"Collectors take it where they take http/protobuf. {_UNREAD}",
        ),
    ] = _PROTOCOL
    headers: Annotated[
        SecretStr,
        Variable(
            "OTEL_EXPORTER_OTLP_HEADERS",
            example="authorization=Bearer%20...",
            expected="NAME=VALUE, several with a comma between them",
            about="Sent with every export, such as a token.",
        ),
    ] = SecretStr("")
    timeout_milliseconds: Annotated[
        Whole,
        Field(ge=1, le=60_000),
        Variable("OTEL_EXPORTER_OTLP_TIMEOUT", unit="milliseconds", about="How long an export may take."),
    ] = 10_000
    sampler: Annotated[
        Literal[
            "always_on",
            "always_off",
            "traceidratio",
            "parentbased_always_on",
            "parentbased_always_off",
            "parentbased_traceidratio",
        ],
        Variable(
            "OTEL_TRACES_SAMPLER",
            about="Every process decides by the trace's id alone, and all alike; `parentbased_` changes nothing.",
        ),
    ] = "parentbased_always_on"
    sampler_argument: Annotated[
        Decimal,
        Field(ge=0.0, le=1.0),
        Variable("OTEL_TRACES_SAMPLER_ARG", unit="part of 1", about="The share of traces, with a sampler of ratios."),
    ] = 1.0

    resource: Annotated[
        str,
        Variable(
            "OTEL_RESOURCE_ATTRIBUTES",
            example="deployment.environment.name=shop",
            expected="NAME=VALUE, several with a comma between them",
            about="Stand on all spans; `service.name` is `postroom-api` and so on.",
        ),
    ] = ""
    delay_milliseconds: Annotated[
        Whole,
        Field(ge=10, le=60_000),
        Variable(
            "OTEL_BSP_SCHEDULE_DELAY", unit="milliseconds", about="How long spans are gathered before they are sent."
        ),
    ] = 5_000
    queue_spans: Annotated[
        Whole,
        Field(ge=1, le=1_000_000),
        Variable(
            "OTEL_BSP_MAX_QUEUE_SIZE",
            unit="spans",
            about="Spans kept while the collector takes none; older ones are lost.",
        ),
    ] = 2_048

    @field_validator("endpoint", "traces_endpoint")
    @classmethod
    def _check_url(cls, url: str | None) -> str | None:
        if url is not None:
            parts = split_url(SecretStr(url), schemes=("http", "https"))
            require_host(parts)
            if parts.username is not None or parts.query:
                raise ValueError("it holds a user or a query")
        return url

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, headers: SecretStr) -> SecretStr:
        pairs = _read_pairs(headers.get_secret_value())
        if not all(name.isascii() and name.replace("-", "").replace("_", "").isalnum() for name in pairs):
            raise ValueError("a name holds what no header's may")
        if not all(ord(character) <= _LATIN_1 for value in pairs.values() for character in value):
            raise ValueError("a value holds a character outside Latin-1, which no header's may")
        return headers

    @field_validator("resource")
    @classmethod
    def _check_resource(cls, resource: str) -> str:
        _read_pairs(resource)
        return resource

    @model_validator(mode="after")
    def _check_what_is_sent(self) -> Self:
        """Platforms set both for programs other than ours: they are judged only where traces would be sent."""
        if self.url is None:
            return self
        wrong = []
        if self.exporter not in (None, *_EXPORTERS):
            wrong.append(("exporter", "traces would be sent, and this exporter is none of Postroom's"))
        if self.protocol != _PROTOCOL:
            wrong.append(("protocol", "traces would be sent, and Postroom does not speak this protocol"))
        if wrong:
            # With a place each, so that the report names these variables alone.
            raise ValidationError.from_exception_data(
                type(self).__name__,
                [
                    {"type": "value_error", "loc": (field,), "input": None, "ctx": {"error": ValueError(reason)}}
                    for field, reason in wrong
                ],
                hide_input=True,
            )
        return self

    @property
    def url(self) -> str | None:
        """Where traces are sent; None: nowhere."""
        if self.disabled or self.exporter == "none":
            return None
        if self.traces_endpoint is not None:
            return self.traces_endpoint
        base = self.endpoint or (_LOCAL if self.exporter == "otlp" else None)
        return None if base is None else base.rstrip("/") + _PATH

    @property
    def share(self) -> float:
        """Of traces that are sent."""
        if self.sampler.endswith("ratio"):
            return self.sampler_argument
        return 0.0 if self.sampler.endswith("off") else 1.0

    def read_headers(self) -> dict[str, str]:
        return _read_pairs(self.headers.get_secret_value())

    def read_resource(self) -> dict[str, str]:
        return _read_pairs(self.resource)


def _read_pairs(text: str) -> dict[str, str]:
    """As W3C Baggage writes them: percent-encoded where need be. Raises ValueError that quotes nothing."""
    found: dict[str, str] = {}
    for pair in text.split(",") if text else ():
        name, equals, value = pair.strip().partition("=")
        value = unquote(value.strip())
        if not (equals and name.strip() and value.isprintable()):
            raise ValueError("each is NAME=VALUE, with %2C for a comma within a value")
        found[name.strip()] = value
    return found
