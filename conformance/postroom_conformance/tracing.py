"""Whether the spans of one trace hang together, and say nothing private."""

from collections.abc import Iterable, Mapping, Sequence

from postroom_acceptance.spans import CLIENT
from postroom_testing.collector import Span


def find_gaps(spans: Sequence[Span], parents: Mapping[str, str], client_span: str) -> list[str]:
    """What of a trace is missing, or hangs where it should not.

    Args:
        spans: of one trace.
        parents: whose child each span has to be, by name; `CLIENT` for the first.
        client_span: the id of the client's own.
    """
    names = {span.span_id: span.name for span in spans} | {client_span: CLIENT}
    found = [f"{name} is missing" for name in parents if name not in names.values()]
    for span in spans:
        parent = names.get(span.parent_id, "nobody's")
        if span.name in parents and parent != parents[span.name]:
            found.append(f"{span.name} hangs on {parent or 'the client'}")
    return found


def find_private(told: Iterable[str], words: Iterable[str]) -> list[str]:
    """Which of the words were told."""
    text = "".join(told)
    return [word for word in words if word in text]
