"""What the private servers of the tests share: a folder, a process, and an end that comes in every case."""

import abc
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from postroom_testing import guard_process

START_SECONDS = 60
STOP_SECONDS = 60
POLL_SECONDS = 0.01
LOG_TAIL_CHARACTERS = 2000
# Not on the PATH of every user, but where Debian puts daemons.
DAEMON_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"


class ServerError(RuntimeError):
    """A test server cannot be found or does not start. Never a reason to skip."""


def find_binary(name: str, *, package: str) -> str:
    """Return the path of a server program; `package` is the Debian package that an error names."""
    path = shutil.which(name) or shutil.which(name, path=DAEMON_FOLDERS)
    if path is None:
        raise ServerError(f"{name} is not installed; the tests need it: install the Debian package {package}")
    return path


def free_port() -> int:
    """Return a loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def reserve_port() -> socket.socket:
    """Keep a loopback port for one server over all its starts, until the socket is closed.

    Nothing listens on it by this. A server that sets SO_REUSEADDR, as all of ours do, may bind it; the kernel gives
    it to no outgoing connection while the server is down, as it may do with a port that is only known to be free.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll until the condition holds; raises TimeoutError that names what was awaited."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s in vain for {what}")
        time.sleep(POLL_SECONDS)


class Server(abc.ABC):
    """One server process in a folder of its own, right under /tmp: paths of unix sockets end at 107 bytes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"pr-{name}-", dir="/tmp"))
        try:
            self._guard = subprocess.Popen(  # noqa: S603 - our own file
                [sys.executable, "-I", "-S", guard_process.__file__, str(self.folder)],
                stdin=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        except OSError:
            self.folder.rmdir()
            raise
        self._process: subprocess.Popen[bytes] | None = None
        self._reserved: list[socket.socket] = []

    @abc.abstractmethod
    def command(self) -> list[str]: ...

    @abc.abstractmethod
    def answers(self) -> bool:
        """Whether the server serves requests now."""

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError(f"{self.name} does not run")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start (again, over the same data) and wait until it answers. A running server is left alone."""
        if self.running:
            return
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - found by find_binary
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        self._tell_guard(self._process.pid)
        wait_until(self._answers_or_died, seconds=START_SECONDS, what=f"{self.name} to start")

    def stop(self) -> None:
        """End it in good order, as an operator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Let it hang: connections stay open, nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)
        # Told at once, but done only when each of its threads has been stopped: until then one may still answer.
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """Kill the server and remove its folder; can be called twice."""
        self.kill()
        for port in self._reserved:
            port.close()
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait(STOP_SECONDS)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reserve_port(self) -> int:
        """A loopback port that stays this server's until it is closed."""
        reserved = reserve_port()
        self._reserved.append(reserved)
        port: int = reserved.getsockname()[1]
        return port

    def read_log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]

    def _answers_or_died(self) -> bool:
        if not self.running:
            raise ServerError(f"{self.name} ended while starting:\n{self.read_log()}")
        return self.answers()

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(number)
            process.send_signal(signal.SIGCONT)
            process.wait(STOP_SECONDS)
        self._tell_guard(0)

    def _tell_guard(self, pid: int) -> None:
        if self._guard.stdin is not None and not self._guard.stdin.closed:
            self._guard.stdin.write(f"{pid}\n")
            self._guard.stdin.flush()
