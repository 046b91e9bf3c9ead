"""Who is delivered together: any emails at the same time, but one whose worker died only by itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Company:
    """A lock that many hold together, or one alone.

    Whoever wants to be alone goes before those that come after: steady mail would never leave a gap.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._together = 0
        self._alone = False
        self._wanting = 0

    @contextmanager
    def together(self) -> Iterator[None]:
        """Beside all others, as soon as nobody is alone or wants to be."""
        with self._changed:
            self._changed.wait_for(lambda: not (self._alone or self._wanting))
            self._together += 1
        try:
            yield
        finally:
            with self._changed:
                self._together -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Beside nobody, as soon as those that are there have finished."""
        with self._changed:
            self._wanting += 1
            self._changed.wait_for(lambda: not (self._alone or self._together))
            self._wanting -= 1
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()
