"""What nobody caught, as events instead of stack traces on stderr."""

import sys
import threading
from types import TracebackType

from loguru import logger


def report_crashes() -> None:
    sys.excepthook = _report_process
    threading.excepthook = _report_thread
    sys.unraisablehook = _report_unraisable


def _report_process(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        logger.warning("process.interrupted")
        return
    logger.opt(exception=(kind, problem, trace)).critical("process.crashed")


def _report_thread(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is None or issubclass(crash.exc_type, SystemExit):
        return
    name = crash.thread.name if crash.thread else None
    logger.opt(exception=(crash.exc_type, crash.exc_value, crash.exc_traceback)).critical("thread.crashed", thread=name)


def _report_unraisable(crash: "sys.UnraisableHookArgs") -> None:
    """An exception in a __del__ or a callback: Python goes on, and can only tell."""
    problem = crash.exc_value
    logger.opt(exception=(crash.exc_type, problem, crash.exc_traceback) if problem else None).error(
        "exception.ignored", place=crash.err_msg or "in a finalizer"
    )
