"""Recording spans. Loaded only where traces are sent."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from postroom_config.tracing import TracingSettings
from postroom_tracing.exporter import Exporter
from postroom_tracing.identity import Origin, span_id_of, trace_id_of
from postroom_tracing.span import Span, new_span_id
from postroom_tracing.traceparent import TraceParent
from postroom_tracing.traces import Attributes, Kind

_RANDOM = 2**32
"""The end of a trace's id, which is random in a client's (W3C Trace Context, level 2) and in an id of ours, whose rest
tells the time and counts."""

_NO_TRACE = 0
"""Of work that is done for no request: nothing is sent of it."""

_CURRENT: ContextVar[Span | None] = ContextVar("postroom_span", default=None)
"""Of this thread or task."""


class Recorder:
    """The recording of one process.

    Of all traces a share is sent: the same ones in every process, whoever began them.
    """

    def __init__(self, settings: TracingSettings, *, service: str, version: str, release: str) -> None:
        resource = settings.read_resource() | {
            "service.name": f"postroom-{service}",
            "service.version": version,
            "postroom.release": release,
        }
        self._exporter = Exporter(settings, resource, version)
        self._bound = round(settings.share * _RANDOM)

    @contextmanager
    def span(
        self,
        name: str,
        attributes: Attributes,
        *,
        kind: Kind,
        of: Origin | None,
        own: UUID | None,
        began_at: int | None,
        caller: TraceParent | None,
    ) -> Iterator[Span]:
        trace_id, parent_id, link = _place(of, caller)
        span = Span(
            name,
            kind,
            trace_id,
            new_span_id() if own is None else span_id_of(own),
            parent_id,
            trace_id != _NO_TRACE and trace_id % _RANDOM < self._bound,
            self.now() if began_at is None else began_at,
            link,
        )
        span.note(attributes)
        before = _CURRENT.set(span)
        try:
            yield span
        except BaseException as problem:
            # Its own text may hold anything: only its type is kept.
            span.fail(type(problem).__name__)
            raise
        finally:
            _CURRENT.reset(before)
            span.end()
            if span.is_taken:
                self._exporter.take(span)

    def now(self) -> int:
        return time.time_ns()

    def stop(self, seconds: float) -> None:
        self._exporter.stop(seconds)


def _place(of: Origin | None, caller: TraceParent | None) -> tuple[int, int, TraceParent | None]:
    """Its trace, its parent there, and another trace's span that belongs to it."""
    if of is None:
        current = _CURRENT.get()
        if current is None:
            return _NO_TRACE, 0, None
        return current.trace_id, current.span_id, None
    trace_id = trace_id_of(of.request_id)
    if of.email_id is not None:
        return trace_id, span_id_of(of.email_id), None
    if caller is None:
        return trace_id, 0, None
    if int(caller.trace_id, 16) == trace_id:
        return trace_id, int(caller.span_id, 16), None
    # The client named the request otherwise than its trace: what follows goes by the request.
    return trace_id, 0, caller
