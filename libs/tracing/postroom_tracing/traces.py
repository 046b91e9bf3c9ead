"""Traces of this process: nothing at all, and nothing loaded, until `start` is told where to send them."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Literal, Protocol, Self, TypeAlias
from uuid import UUID

from postroom_config.tracing import TracingSettings
from postroom_tracing.identity import Origin
from postroom_tracing.traceparent import TraceParent, parse

Kind: TypeAlias = Literal["internal", "server", "client", "producer", "consumer"]
Value: TypeAlias = str | int | float | bool
Attributes: TypeAlias = Mapping[str, Value | None]
"""Ids, counts and words of ours; never an address, a subject, a body or another's text."""


class Noting(Protocol):
    """What a span in work is told. An exception that ends it marks it as failed, by its type alone."""

    @property
    def traceparent(self) -> str | None:
        """The header that goes to whoever goes on with the trace; None: there is no trace."""

    def note(self, attributes: Attributes) -> None: ...

    def rename(self, name: str) -> None: ...

    def fail(self, why: str) -> None:
        """Mark it as failed, with a word of ours."""


class Recording(Protocol):
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
    ) -> AbstractContextManager[Noting]: ...

    def now(self) -> int: ...

    def stop(self, seconds: float) -> None: ...


class _Nothing:
    """A span of no trace."""

    traceparent = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def note(self, attributes: Attributes) -> None:
        pass

    def rename(self, name: str) -> None:
        pass

    def fail(self, why: str) -> None:
        pass


NOTHING = _Nothing()


class Traces:
    def __init__(self) -> None:
        self._recording: Recording | None = None

    @property
    def are_on(self) -> bool:
        return self._recording is not None

    def start(self, settings: TracingSettings, *, service: str, version: str, release: str) -> None:
        """Record from now on, if the settings say where to send it."""
        if settings.url is None:
            return
        # Costs memory and time that only those pay who want it.
        from postroom_tracing.recorder import Recorder  # noqa: PLC0415

        self._recording = Recorder(settings, service=service, version=version, release=release)

    def stop(self, seconds: float) -> None:
        """Send what is left, in so many seconds at most, and record nothing more."""
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.stop(seconds)

    def span(
        self,
        name: str,
        attributes: Attributes | None = None,
        *,
        kind: Kind = "internal",
        of: Origin | None = None,
        own: UUID | None = None,
        began_at: int | None = None,
        caller: TraceParent | None = None,
    ) -> AbstractContextManager[Noting]:
        """A piece of work.

        Args:
            name: one of few: ids stand in attributes.
            attributes: None values are left out.
            kind: as OpenTelemetry sorts them.
            of: what it is done for; None: the work that this thread or task is in the middle of.
            own: the email whose span it is, by which others find their parent.
            began_at: from `now`; None: now.
            caller: the client's span, of which it is a part.
        """
        if self._recording is None:
            return NOTHING
        return self._recording.span(name, attributes or {}, kind=kind, of=of, own=own, began_at=began_at, caller=caller)

    def tell(
        self,
        name: str,
        attributes: Attributes | None = None,
        *,
        began_at: int,
        kind: Kind = "internal",
        of: Origin | None = None,
        own: UUID | None = None,
    ) -> None:
        """The same of work that is over."""
        with self.span(name, attributes, kind=kind, of=of, own=own, began_at=began_at):
            pass

    def now(self) -> int:
        """For `began_at`; 0 where nothing is recorded."""
        return 0 if self._recording is None else self._recording.now()

    def read_caller(self, header: str) -> TraceParent | None:
        """The client's span, from its traceparent header; None where nothing is recorded."""
        return None if self._recording is None else parse(header)


TRACES = Traces()
"""Of this process. What main.py starts, everything may use."""
