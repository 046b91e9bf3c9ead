import time


class Liveness:
    """Whether the process makes progress: its main loop beats, and must not be silent for too long."""

    def __init__(self, max_silence_seconds: float) -> None:
        self._max_silence_seconds = max_silence_seconds
        self._last_beat = time.monotonic()

    def beat(self) -> None:
        self._last_beat = time.monotonic()

    def alive(self) -> bool:
        return time.monotonic() - self._last_beat <= self._max_silence_seconds
