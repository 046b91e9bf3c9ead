"""An exception as fields of a line."""

import traceback
from types import TracebackType
from typing import Any

from postroom_logging.redaction import redact
from postroom_logging.values import clean_text

_LONGEST_TRACEBACK = 16_384
_MOST_FRAMES = 50


def failure_fields(
    kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
) -> dict[str, Any]:
    """`error_type`, `error` and `traceback`, private things masked; empty without an exception."""
    if kind is None or problem is None:
        return {}
    try:
        text = str(problem)
    except Exception as broken:  # noqa: BLE001 - a broken __str__ must not lose the event
        text = f"<str() raised {type(broken).__name__}>"
    return {
        "error_type": kind.__qualname__,
        "error": clean_text(text),
        "traceback": _format(kind, problem, trace),
    }


def _format(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> str:
    try:
        # Without the values of locals: they are where secrets live.
        formatted = traceback.TracebackException(kind, problem, trace, limit=-_MOST_FRAMES, compact=True)
        text = "".join(formatted.format())
    except Exception as broken:  # noqa: BLE001 - as above
        return f"<not to be formatted: {type(broken).__name__}>"
    if len(text) > _LONGEST_TRACEBACK:
        # The end names what was raised, so the beginning goes.
        text = f"... ({len(text)} characters)\n{text[-_LONGEST_TRACEBACK:]}"
    return redact(text.rstrip("\n"))
