"""Keeps programs running: starts again what ends, slower each time, and ends all in good order."""

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from postroom_embedded.errors import EX_CONFIG, Refused
from postroom_embedded.process import end_group, start
from postroom_embedded.saying import say
from postroom_embedded.signals import Signals

_FIRST_WAIT_SECONDS = 0.2
_LONGEST_WAIT_SECONDS = 5.0
_STEADY_SECONDS = 30.0
"""Who lived this long is started again as if it had never failed."""
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(repr=False)
    output: Path | None = None
    """A file for its output, where that is not for the reader of the services' lines."""


class _Kept:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.start_at = 0.0
        self.started_at = 0.0
        self.failures = 0


class Supervisor:
    def __init__(self, programs: Sequence[Program]) -> None:
        self._kept = [_Kept(program) for program in programs]

    @property
    def pids(self) -> dict[str, int]:
        """Of those that run now."""
        return {kept.program.name: kept.process.pid for kept in self._kept if kept.process is not None}

    def tend(self) -> float:
        """Start what is due and notice what ended. Returns in how many seconds to call again, if no signal comes.

        Raises:
            Refused: a program refused its configuration; starting it again would not help.
        """
        now = time.monotonic()
        next_look = _LOOK_SECONDS
        for kept in self._kept:
            if kept.process is not None and (code := kept.process.poll()) is not None:
                self._note_end(kept, code, now)
            if kept.process is None:
                if kept.start_at <= now:
                    kept.process = start(kept.program.argv, kept.program.env, output=kept.program.output)
                    kept.started_at = now
                else:
                    next_look = min(next_look, kept.start_at - now)
        return next_look

    def stop(self, signals: Signals, *, patience_seconds: float) -> None:
        """Ask all at once to end, wait for them, and kill who stays."""
        for kept in self._kept:
            if kept.process is not None:
                kept.process.terminate()
        deadline = time.monotonic() + patience_seconds
        while self._running() and not signals.at_once and (left := deadline - time.monotonic()) > 0:
            signals.wait(min(left, _LOOK_SECONDS))
        for kept in self._running():
            reason = "killed at once, as asked" if signals.at_once else f"did not end in {patience_seconds:g} s, killed"
            say(f"{kept.program.name} {reason}")
        for kept in self._kept:
            if kept.process is not None:
                end_group(kept.process)
                kept.process = None

    def _running(self) -> list[_Kept]:
        return [kept for kept in self._kept if kept.process is not None and kept.process.poll() is None]

    def _note_end(self, kept: _Kept, code: int, now: float) -> None:
        kept.process = None
        name = kept.program.name
        if code == EX_CONFIG:
            raise Refused(f"{name} refused its configuration, see above", exit_code=EX_CONFIG)
        if now - kept.started_at >= _STEADY_SECONDS:
            kept.failures = 0
        wait_seconds = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**kept.failures)
        kept.failures += 1
        kept.start_at = now + wait_seconds
        log = "" if kept.program.output is None else f" (its output: {kept.program.output})"
        say(f"{name} ended {describe_end(code)}, restarting in {wait_seconds:g} s{log}")


def describe_end(code: int) -> str:
    """Tell an exit code from a signal, which subprocess gives as a negative number."""
    if code >= 0:
        return f"with exit code {code}"
    try:
        return f"by {signal.Signals(-code).name}"
    except ValueError:
        return f"by signal {-code}"
