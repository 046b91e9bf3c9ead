"""Postroom as it runs: an api, workers and a scheduler, each a process of its own, over real backing services."""

import json
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
from typing import Any, Self

from postroom_testing.server import reserve_port, wait_until

START_SECONDS = 60
STOP_SECONDS = 40
_LEVELS = ("debug", "info", "warning", "error", "critical")
SERVICES = ("api", "worker", "scheduler")


def _nothing(_name: str) -> dict[str, str]:
    return {}


def _from_sources(program: str) -> list[str]:
    return [sys.executable, "-m", f"postroom_{program}.main"]


class Stack:
    """The three services with one configuration.

    Args:
        environment: POSTROOM_* variables; ports are chosen here.
        names: of the processes. What stands before a hyphen is the service: ``worker-2``.
        own_variables: asked at each start for what that process alone is given, by its name.
        command: starts one of the services, or the admin, by its name; by default it runs the sources of this checkout.

    Attributes:
        urls: where the apis answer.
    """

    def __init__(
        self,
        environment: dict[str, str],
        *,
        names: Sequence[str] = SERVICES,
        own_variables: Callable[[str], dict[str, str]] = _nothing,
        command: Callable[[str], Sequence[str]] = _from_sources,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="postroom-stack-"))
        self.names = names
        self._own_variables = own_variables
        self._command = command
        self._reserved = {name: reserve_port() for name in names}
        self._ports: dict[str, int] = {name: port.getsockname()[1] for name, port in self._reserved.items()}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("POSTROOM_") and name != "PORT"
        }
        self._environment |= {
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTHONFAULTHANDLER": "1",  # for abort()
            "POSTROOM_HEALTH_HOST": "127.0.0.1",
            "POSTROOM_SECRET_KEY": "a-secret-of-the-tests-long-enough-to-be-one",
            "POSTROOM_VERIFIED_DOMAINS_ONLY": "false",
            "POSTROOM_RATE_LIMIT": "0",
        }
        self._environment |= environment
        self.urls = [f"http://127.0.0.1:{port}" for name, port in self._ports.items() if service_of(name) == "api"]

    @property
    def url(self) -> str:
        """Where the first api answers."""
        return self.urls[0]

    def __enter__(self) -> Self:
        self.admin("migrate")
        try:
            for name in self.names:
                self.start(name)
            self.wait_ready()
        except BaseException:
            # Nobody else would end them: without a stack there is no exit from it.
            self.kill_all()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            codes = {name: self.stop(name) for name in list(self._processes)}
        finally:
            self.kill_all()
        if any(codes.values()):
            raise AssertionError(f"exit codes after SIGTERM: {codes}\n{self.tail()}")

    def admin(self, *arguments: str) -> str:
        """Run an admin process; what it prints."""
        done = subprocess.run(  # noqa: S603 - our own module
            [*self._command("admin"), *arguments],
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
        service = service_of(name)
        port = {"POSTROOM_PORT" if service == "api" else "POSTROOM_HEALTH_PORT": str(self._ports[name])}
        with self._log(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(  # noqa: S603 - our own module
                self._command(service),
                env=self._environment | port | self._own_variables(name),
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        """SIGKILL: nothing is given back, nothing is said."""
        process = self._processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def abort(self, name: str) -> None:
        """SIGABRT: it ends, and writes where each of its threads was."""
        process = self._processes.pop(name)
        process.send_signal(signal.SIGABRT)
        process.wait()

    def kill_all(self) -> None:
        """End what still runs, and give the ports back."""
        for name in list(self._processes):
            self.kill(name)
        for port in self._reserved.values():
            port.close()

    def stop(self, name: str) -> int:
        """SIGTERM; the exit code."""
        self.tell(name)
        return self.wait_end(name)

    def tell(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal and go on."""
        self._processes[name].send_signal(number)

    def wait_end(self, name: str, seconds: float = STOP_SECONDS) -> int:
        """Wait for a process that was told to end; the exit code."""
        code = self._processes[name].wait(seconds)
        del self._processes[name]
        return code

    def code(self, name: str) -> int | None:
        """The exit code of a process that ended by itself; None: it runs."""
        return self._processes[name].poll()

    def port(self, name: str) -> int:
        """Where a process answers."""
        return self._ports[name]

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def wait_ready(self, names: Sequence[str] | None = None) -> None:
        """Wait until they and what they need answer."""
        for name in self.names if names is None else names:
            self._wait(name, lambda name=name: self._answers(name, "/readyz"))  # type: ignore[misc]  # bound per name

    def wait_alive(self, name: str) -> None:
        """Wait until it answers, whatever the servers behind it do."""
        self._wait(name, lambda: self._answers(name, "/livez"))

    def lines(self, name: str) -> list[str]:
        """What a service has written so far, over all its starts."""
        return self._log(name).read_text().splitlines()

    def events(self, name: str, *, least: str = "info") -> list[dict[str, Any]]:
        """Its lines from that level up; what is no event, such as a stack trace, raises ValueError."""
        read = [json.loads(line) for line in self.lines(name)]
        return [event for event in read if _LEVELS.index(event["level"]) >= _LEVELS.index(least)]

    def has_told(self, name: str, event: str) -> bool:
        return any(one["event"] == event for one in self.events(name))

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for what the processes are to bring about."""
        try:
            wait_until(condition, seconds=START_SECONDS, what=what)
        except TimeoutError as problem:
            raise AssertionError(f"{problem}\n{self.tail()}") from None

    def tail(self) -> str:
        return "\n".join(f"{name}: {line}" for name in self.names for line in self.lines(name)[-20:])

    def _wait(self, name: str, condition: Callable[[], bool]) -> None:
        self.wait_until(condition, f"{name} to be ready")

    def _answers(self, name: str, path: str) -> bool:
        if (code := self.code(name)) is not None:
            raise AssertionError(f"{name} ended with {code}\n{self.tail()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._ports[name]}{path}", timeout=5) as answer:
                return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's own number
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
            return False

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def service_of(name: str) -> str:
    """Which service a process is of."""
    return name.partition("-")[0]
