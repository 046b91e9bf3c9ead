"""From an event to the buffer."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from postroom_logging.failure import failure_fields
from postroom_logging.line import Format, gather_fields
from postroom_logging.writer import Writer

if TYPE_CHECKING:
    from loguru import Record

_LEVELS = ((50, "critical"), (40, "error"), (30, "warning"), (20, "info"))


class Pipeline:
    def __init__(self, service: str, release: str, form: Format, writer: Writer) -> None:
        self._service = service
        self._release = release
        self._form = form
        self._writer = writer

    def accept(self, record: "Record") -> bool:
        """Loguru's filter; writes the record itself, and always says no.

        Loguru asks the filter before it takes its handler's lock. That lock is not re-entrant: an event from a signal
        handler or a __del__ that interrupts another event would be refused, and shown with all its data on stderr.
        """
        try:
            failure = failure_fields(*record["exception"]) if record["exception"] else {}
            line = self._line(record["level"].no, record["message"], record["extra"], failure)
        except Exception as problem:  # noqa: BLE001 - logging never breaks what it tells about
            about = {"reason": type(problem).__name__, "failed_event": record["message"]}
            line = self._form(gather_fields("error", self._service, self._release, "log.failed", about, {}))
        self._writer.put(line)
        return False

    def _line(self, level: int, event: str, data: dict[str, Any], failure: dict[str, Any]) -> str:
        return self._form(gather_fields(name_level(level), self._service, self._release, event, data, failure))


@lru_cache
def name_level(number: int) -> str:
    """The name of the highest level that the number reaches; loguru and stdlib count alike."""
    return next((name for least, name in _LEVELS if number >= least), "debug")
