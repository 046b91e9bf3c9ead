"""One container, as an orchestrator runs it: locked down, stopped by `docker stop`, judged by its exit code."""

import contextlib
import http.client
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from postroom_images_testing.engine import EngineError, docker, inspect, read_logs

LOCKED = (
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    # No service needs a shell: there is none.
    "--mount=type=bind,source=/dev/null,target=/bin/sh,readonly",
    "--mount=type=bind,source=/dev/null,target=/bin/bash,readonly",
)
"""A container that may write nothing, not even to a tmpfs, and has no right and no shell."""
_ASK_SECONDS = 5.0


class Container:
    """Started when made; ended and removed with its volumes by `remove`. Raises EngineError when it cannot start.

    Args:
        image: its name.
        command: what follows the image.
        variables: its environment. They never stand on a command line.
        options: of `docker run`.
        network: the only one that it is attached to.
        alias: by which others there find it.
    """

    def __init__(
        self,
        image: str,
        *command: str,
        variables: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
        network: str = "none",
        alias: str | None = None,
    ) -> None:
        self._network = network
        self._address: str | None = None
        arguments = [*options, f"--network={network}"]
        arguments += [f"--network-alias={alias}"] if alias else []
        with write_variables(variables or {}) as file:
            self.id = docker("create", f"--env-file={file}", *arguments, image, *command)
        try:
            self.start()
        except EngineError:
            self.remove()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def remove(self) -> None:
        with contextlib.suppress(EngineError):
            docker("rm", "--force", "--volumes", self.id)

    @property
    def address(self) -> str:
        """In its network, while it runs; afterwards it has none."""
        if self._address:
            return self._address
        address: str = inspect("container", self.id)["NetworkSettings"]["Networks"][self._network]["IPAddress"]
        self._address = address
        return address

    @property
    def running(self) -> bool:
        return bool(inspect("container", self.id)["State"]["Running"])

    def stop(self) -> float:
        """`docker stop`, with the grace that it gives by itself, 10 s; how many seconds it took."""
        started = time.monotonic()
        docker("stop", self.id)
        return time.monotonic() - started

    def signal(self, name: str) -> None:
        docker("kill", f"--signal={name}", self.id)

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        return int(docker("wait", self.id))

    def start(self) -> None:
        docker("start", self.id)
        self._address = None  # it may have got another

    def pause(self) -> None:
        docker("pause", self.id)

    def resume(self) -> None:
        docker("unpause", self.id)

    def output(self) -> tuple[str, str]:
        """All of stdout and of stderr."""
        return read_logs(self.id)

    def events(self) -> list[dict[str, Any]]:
        """What it has written to stdout; raises ValueError when a line is no event."""
        return [json.loads(line) for line in self.output()[0].splitlines()]

    def has_told(self, event: str) -> bool:
        return any(one["event"] == event for one in self.events())

    def ask(self, port: int, path: str) -> int | None:
        """The status of an answer; None: nobody answers."""
        connection = http.client.HTTPConnection(self.address, port, timeout=_ASK_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()


@contextlib.contextmanager
def write_variables(variables: Mapping[str, str]) -> Iterator[str]:
    """A file for `--env-file`, which only this user can read."""
    with tempfile.NamedTemporaryFile("w", suffix=".env") as file:
        file.writelines(f"{name}={value}\n" for name, value in variables.items())
        file.flush()
        yield file.name
