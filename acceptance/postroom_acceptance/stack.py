"""Postroom as it runs: an api, workers and a scheduler, each a process of its own, over real backing services."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from postroom_testing.server import free_port, wait_until

START_SECONDS = 60
STOP_SECONDS = 40
SERVICES = ("api", "worker", "scheduler")


class Stack:
    """The three services with one configuration.

    Args:
        environment: POSTROOM_* variables; ports are chosen here.

    Attributes:
        url: where the api answers.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="postroom-stack-"))
        self._ports = {name: free_port() for name in SERVICES}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("POSTROOM_") and name != "PORT"
        }
        self._environment |= {
            "PYTHONPATH": os.pathsep.join(sys.path),
            "POSTROOM_HEALTH_HOST": "127.0.0.1",
            "POSTROOM_SECRET_KEY": "a-secret-of-the-tests-long-enough-to-be-one",
            "POSTROOM_VERIFIED_DOMAINS_ONLY": "false",
            "POSTROOM_RATE_LIMIT": "0",
        }
        self._environment |= environment
        self.url = f"http://127.0.0.1:{self._ports['api']}"

    def __enter__(self) -> Self:
        self.admin("migrate")
        try:
            for name in SERVICES:
                self.start(name)
            self.wait_ready()
        except BaseException:
            # Nobody else would end them: without a stack there is no exit from it.
            for name in list(self._processes):
                self.kill(name)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        codes = {name: self.stop(name) for name in list(self._processes)}
        if any(codes.values()):
            raise AssertionError(f"exit codes after SIGTERM: {codes}\n{self.tail()}")

    def admin(self, *arguments: str) -> str:
        """Run an admin process; what it prints."""
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "postroom_admin.main", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(f"admin {arguments} ended with {done.returncode}: {done.stderr}")
        return done.stdout.strip()

    def new_key(self, workspace: str) -> str:
        """A key of a workspace, which is made if need be."""
        self.admin("workspace", "create", workspace)
        return self.admin("key", "create", "--workspace", workspace)

    def start(self, name: str) -> None:
        port = {"POSTROOM_PORT" if name == "api" else "POSTROOM_HEALTH_PORT": str(self._ports[name])}
        with self._log(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", f"postroom_{name}.main"], env=self._environment | port, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """SIGKILL: nothing is given back, nothing is said."""
        process = self._processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self, name: str) -> int:
        """SIGTERM; the exit code."""
        process = self._processes.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(STOP_SECONDS)

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def wait_ready(self, names: Sequence[str] = SERVICES) -> None:
        for name in names:
            self._wait(name, lambda name=name: self._is_ready(name))  # type: ignore[misc]  # bound per name

    def lines(self, name: str) -> list[str]:
        """What a service has written so far, over all its starts."""
        return self._log(name).read_text().splitlines()

    def tail(self) -> str:
        return "\n".join(f"{name}: {line}" for name in SERVICES for line in self.lines(name)[-20:])

    def _wait(self, name: str, condition: Callable[[], bool]) -> None:
        try:
            wait_until(condition, seconds=START_SECONDS, what=f"{name} to be ready")
        except TimeoutError as problem:
            raise AssertionError(f"{problem}\n{self.tail()}") from None

    def _is_ready(self, name: str) -> bool:
        if self._processes[name].poll() is not None:
            raise AssertionError(f"{name} ended with {self._processes[name].returncode}\n{self.tail()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._ports[name]}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's own number
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
            return False

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"
