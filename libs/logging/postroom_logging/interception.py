"""The stdlib's logging, and warnings, as events."""

import logging

from loguru import logger

from postroom_logging.pipeline import name_level

_WARNING_AT_LEAST = (
    "apscheduler",
    # What these say below a warning holds what they carry: requests with their bodies. SQLAlchemy, whose statements
    # come with their values, keeps to warnings by itself.
    "boto3",
    "botocore",
    "httpcore",
    "httpx",
    "multipart",
    "s3transfer",
    "urllib3",
)
_ERROR_AT_LEAST = (
    # It warns at every tick that a slow job skips, which is what max_instances is for.
    "apscheduler.scheduler",
)
# SQLAlchemy's echo adds a handler of its own, to stdout, unless there is one.
_ECHOING = (
    "sqlalchemy.engine.Engine",
    "sqlalchemy.orm.mapper.Mapper",
    "sqlalchemy.pool.impl.AsyncAdaptedQueuePool",
    "sqlalchemy.pool.impl.NullPool",
    "sqlalchemy.pool.impl.QueuePool",
    "sqlalchemy.pool.impl.SingletonThreadPool",
    "sqlalchemy.pool.impl.StaticPool",
)


class EventHandler(logging.Handler):
    """Hands each stdlib record to loguru, as the event `library.logged`."""

    def createLock(self) -> None:  # noqa: N802 - the stdlib's name
        """None: loguru locks where it must, and a lock here could be held while a signal handler logs."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a library's wrong arguments are no reason to lose its words
            message = str(record.msg)
        if record.name.startswith("sqlalchemy.engine") and message.startswith("["):
            message = message.partition("]")[0] + "]"  # what follows are the values of a statement
        logger.opt(exception=record.exc_info).log(
            name_level(record.levelno).upper(), "library.logged", logger=record.name, message=message
        )


def intercept(level: str) -> None:
    """Send everything that libraries log through loguru, from this level up."""
    root = logging.getLogger()
    root.handlers = [EventHandler()]
    root.setLevel(level.upper())
    for names, least in ((_WARNING_AT_LEAST, logging.WARNING), (_ERROR_AT_LEAST, logging.ERROR)):
        for name in names:
            logging.getLogger(name).setLevel(max(least, root.level))
    for name in _ECHOING:
        echoing = logging.getLogger(name)
        if not echoing.handlers:
            echoing.addHandler(logging.NullHandler())
    logging.captureWarnings(capture=True)
