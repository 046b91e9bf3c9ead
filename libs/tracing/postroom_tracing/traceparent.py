"""The header by which traces travel between services (W3C Trace Context, 3.2)."""

import re
from dataclasses import dataclass

NAME = "traceparent"
_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_FIRST_VERSION = "00"


@dataclass(frozen=True, slots=True)
class TraceParent:
    """Attributes: trace_id and span_id as lower-case hexadecimal digits."""

    trace_id: str
    span_id: str


def parse(header: str) -> TraceParent | None:
    """None for what is none: it is as if nothing had been sent."""
    found = _FORM.fullmatch(header)
    # Later versions may say more after what is known.
    if found is None or (found[3] and header.startswith(_FIRST_VERSION)):
        return None
    return TraceParent(found[1], found[2])


def render(trace_id: int, span_id: int, *, sampled: bool) -> str:
    return f"{_FIRST_VERSION}-{trace_id:032x}-{span_id:016x}-{int(sampled):02x}"
