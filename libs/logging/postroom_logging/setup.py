"""Called once by a service's main, after its settings are read."""

import atexit
import os
import sys
from typing import Literal

from loguru import logger

from postroom_logging.crashes import report_crashes
from postroom_logging.interception import intercept
from postroom_logging.line import Format, format_json, gather_fields
from postroom_logging.pipeline import Pipeline
from postroom_logging.text import TextFormat
from postroom_logging.writer import Writer

_EXIT_SECONDS = 2.0

_writers: list[Writer] = []


def configure(
    *,
    service: str,
    release: str,
    level: str = "info",
    format: Literal["auto", "json", "text"] = "auto",  # noqa: A002 - the word that callers expect
    buffer_lines: int = 10_000,
) -> None:
    """Send all events of this process to stdout: loguru's, the stdlib's, warnings and crashes."""
    descriptor = _own_stdout()
    terminal = descriptor is not None and os.isatty(descriptor)
    as_text = format == "text" or (format == "auto" and terminal)
    form: Format = TextFormat(coloured=terminal) if as_text else format_json

    def describe_dropped(count: int) -> str:
        return form(gather_fields("warning", service, release, "log.dropped", {"count": count}, {}))

    writer = Writer(descriptor, buffer_lines=buffer_lines, describe_dropped=describe_dropped)
    logger.remove()
    logger.add(_ignore, level=level.upper(), filter=Pipeline(service, release, form, writer).accept)
    intercept(level)
    report_crashes()
    if not _writers:
        atexit.register(flush, _EXIT_SECONDS)
    _writers[:] = [writer]


def flush(timeout_seconds: float) -> bool:
    """Wait until all events so far are written; False when time ran out."""
    return all(writer.flush(timeout_seconds) for writer in _writers)


def _own_stdout() -> int | None:
    """A descriptor of our own for stdout: should somebody close the other, its number may come to mean a socket."""
    try:
        return os.dup(sys.stdout.fileno())
    except (AttributeError, OSError, ValueError):  # no stdout, or one that is no file
        return None


def _ignore(_message: str) -> None:
    """Loguru's sink: never reached, because the filter writes."""
