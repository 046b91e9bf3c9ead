"""Sending spans to a collector: OTLP over HTTP with JSON bodies, from a bounded queue, by a thread of its own."""

import http.client
import json
import ssl
import threading
import time
from collections import deque
from urllib.parse import urlsplit

from loguru import logger

from postroom_config.tracing import TracingSettings
from postroom_tracing.span import Span, encode
from postroom_tracing.traces import Attributes

_BATCH = 512
_OK = range(200, 300)


class Exporter:
    """What finds no room in the queue, or is not taken, is lost: mail never waits for a collector.

    Args:
        settings: where to, how often, how long.
        resource: who tells.
        version: of the build.
    """

    def __init__(self, settings: TracingSettings, resource: Attributes, version: str) -> None:
        self._parts = urlsplit(settings.url or "")
        self._headers = {**settings.read_headers(), "content-type": "application/json"}
        self._timeout_seconds = settings.timeout_milliseconds / 1000
        self._pause_seconds = settings.delay_milliseconds / 1000
        self._resource, self._version = resource, version
        self._waiting: deque[Span] = deque(maxlen=settings.queue_spans)
        self._stopping = threading.Event()
        self._trouble: str | None = None
        self._thread = threading.Thread(target=self._run, name="traces", daemon=True)
        self._thread.start()

    def take(self, span: Span) -> None:
        """Of a full queue the oldest is lost."""
        self._waiting.append(span)

    def stop(self, seconds: float) -> None:
        """Send what waits, in so many seconds at most."""
        self._stopping.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopping.wait(self._pause_seconds):
            self._send_all()
        self._send_all()

    def _send_all(self) -> None:
        ends_at = time.monotonic() + self._pause_seconds
        while batch := self._next():
            problem = self._send(batch)
            self._tell(problem)
            if problem is not None and (self._stopping.is_set() or time.monotonic() > ends_at):
                return

    def _next(self) -> list[Span]:
        return [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]

    def _tell(self, problem: str | None) -> None:
        """Each change once."""
        before, self._trouble = self._trouble, problem
        if problem is not None and before is None:
            logger.warning("traces.lost", reason=problem)
        if problem is None and before is not None:
            logger.info("traces.resumed")

    def _send(self, batch: list[Span]) -> str | None:
        """Why it was not taken, or None."""
        try:
            body = json.dumps(encode(batch, self._resource, self._version)).encode()
            connection = self._connect()
            try:
                connection.request("POST", self._parts.path or "/", body, self._headers)
                status = connection.getresponse().status
            finally:
                connection.close()
        except Exception as problem:  # noqa: BLE001 - one more kind of fault must not end the thread unheard
            return type(problem).__name__
        return None if status in _OK else f"the collector answers {status}"

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=self._timeout_seconds, context=context)
        return http.client.HTTPConnection(host, port, timeout=self._timeout_seconds)
