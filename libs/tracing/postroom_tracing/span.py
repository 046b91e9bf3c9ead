"""A span as it is recorded, and how OTLP writes it (opentelemetry-proto 1.x, trace.proto; "JSON Protobuf Encoding")."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from postroom_tracing.traceparent import TraceParent, render
from postroom_tracing.traces import Attributes, Kind, Value

_KINDS: Mapping[Kind, int] = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
_FAILED = 2


@dataclass(slots=True, eq=False)
class Span:
    """One piece of work, for one thread at a time.

    Attributes:
        parent_id: 0: it is the first of its trace.
        began_at: nanoseconds since 1970, as ended_at.
        is_taken: whether its trace is among those that are sent.
    """

    name: str
    kind: Kind
    trace_id: int
    span_id: int
    parent_id: int
    is_taken: bool
    began_at: int
    link: TraceParent | None = None
    ended_at: int = 0
    failed: bool = False
    attributes: dict[str, Value] = field(default_factory=dict)

    @property
    def traceparent(self) -> str:
        return render(self.trace_id, self.span_id, sampled=self.is_taken)

    def note(self, attributes: Attributes) -> None:
        self.attributes |= {name: value for name, value in attributes.items() if value is not None}

    def rename(self, name: str) -> None:
        self.name = name

    def fail(self, why: str) -> None:
        self.failed = True
        self.attributes["error.type"] = why

    def end(self) -> None:
        # The clock may have been set back meanwhile.
        self.ended_at = max(time.time_ns(), self.began_at)


def new_span_id() -> int:
    return secrets.randbits(64) or 1


def encode(spans: Sequence[Span], resource: Attributes, version: str) -> dict[str, Any]:
    """An ExportTraceServiceRequest."""
    scope = {"scope": {"name": "postroom", "version": version}, "spans": [_encode(span) for span in spans]}
    return {"resourceSpans": [{"resource": {"attributes": _attributes(resource)}, "scopeSpans": [scope]}]}


def _encode(span: Span) -> dict[str, Any]:
    encoded = {
        "traceId": f"{span.trace_id:032x}",
        "spanId": f"{span.span_id:016x}",
        "name": span.name,
        "kind": _KINDS[span.kind],
        # 64-bit integers are strings in JSON.
        "startTimeUnixNano": str(span.began_at),
        "endTimeUnixNano": str(span.ended_at),
        "attributes": _attributes(span.attributes),
        "status": {"code": _FAILED} if span.failed else {},
    }
    if span.parent_id:
        encoded["parentSpanId"] = f"{span.parent_id:016x}"
    if span.link is not None:
        encoded["links"] = [{"traceId": span.link.trace_id, "spanId": span.link.span_id}]
    return encoded


def _attributes(attributes: Attributes) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items() if value is not None]


def _value(value: Value) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
