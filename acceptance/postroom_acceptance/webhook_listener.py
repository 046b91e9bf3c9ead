"""`make webhook-listen`, without what it takes to get there: the program that listens, beside an api."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Self

from postroom_testing.server import wait_until

LISTENING = re.compile(r"listening at (http://127\.0\.0\.1:\d+/) as webhook ([0-9a-f-]{36}); Ctrl-C removes it\n")
_SECONDS = 60


class WebhookListener:
    """``python -m postroom_embedded.webhook_listener``.

    Args:
        folder: where its output goes.
        url: of the api.
        key: that the api takes.
        variables: of its environment.
    """

    def __init__(self, folder: Path, url: str, key: str, **variables: str) -> None:
        self._stdout, self._stderr = folder / "listener.out", folder / "listener.err"
        given = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "RESEND_API_KEY": key}
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "postroom_embedded.webhook_listener", url],
                env=given | variables,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def stdout(self) -> str:
        return self._stdout.read_text()

    @property
    def stderr(self) -> str:
        return self._stderr.read_text()

    def wait_listening(self) -> tuple[str, str]:
        """Its URL, and the id of its webhook."""
        self.wait_until(lambda: LISTENING.search(self.stdout) is not None, "it to listen")
        found = LISTENING.search(self.stdout)
        if found is None:
            raise AssertionError("it was there a moment ago")
        return found[1], found[2]

    def wait_said(self, text: str) -> None:
        self.wait_until(lambda: text in self.stdout, f"{text!r} to be said")

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        def is_so() -> bool:
            if self._process.poll() is not None:
                raise AssertionError(f"it ended with {self._process.returncode}: {self.stdout}{self.stderr}")
            return condition()

        try:
            wait_until(is_so, seconds=_SECONDS, what=what)
        except TimeoutError as problem:
            raise AssertionError(f"{problem}\n{self.stdout}{self.stderr}") from None

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ctrl-C; the exit code."""
        self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """The exit code of one that ends by itself."""
        return self._process.wait(_SECONDS)
