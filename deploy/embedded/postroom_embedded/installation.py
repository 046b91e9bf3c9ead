"""The virtual environment that holds exactly what the lock names."""

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from postroom_embedded.errors import Refused
from postroom_embedded.process import finish, start
from postroom_embedded.saying import say
from postroom_embedded.signals import Signals

_STAMP = "installed-lock"
_LEAST_PIP = (22, 3)
"""From here on pip installs into another environment (--python), which then needs no pip of its own."""
_NO_PIP = (
    "this Python can make no virtual environment with pip in it; on Debian: apt-get install python3-pip python3-venv"
)
_HASHED = ("--require-hashes", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check")
"""Exactly the files that the lock names: nothing is resolved, built or asked."""
_FROM_DISK = ("--no-index", "--no-compile", "--no-warn-script-location")
_TOLD_LINES = 15


class Installation:
    """The environment for one lock, kept in the data folder.

    It is made aside and moved into place when it is whole, so an interrupted run leaves nothing that looks finished.
    """

    def __init__(self, folder: Path, lock: Path) -> None:
        self._place = folder / "venv"
        self._making = folder / "venv.new"
        self._downloads = folder / "downloads"
        self._log = folder / "install.log"
        self._lock = lock

    @property
    def python(self) -> Path:
        return self._place / "bin" / "python"

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        return self._place / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"

    def demand(self) -> None:
        """Raise Refused when nothing is installed."""
        if not os.access(self.python, os.X_OK):
            raise Refused("nothing is installed in this data folder: start it once with make run")

    def ensure(self, environ: Mapping[str, str], signals: Signals) -> None:
        """Install the lock, unless that was done.

        Raises:
            Refused: it cannot be installed.
            Stopped: a signal asked to stop.
        """
        if self._is_current():
            return
        count = sum(1 for line in self._lock.read_text().splitlines() if "==" in line)
        say(f"installing {count} packages from the lock (once)...")
        shutil.rmtree(self._making, ignore_errors=True)
        began = time.monotonic()
        pip = self._make_environment(environ, signals)
        # The wheels stay until all are installed: what an interrupted run has fetched is not fetched again.
        self._step(
            [*pip, "download", *_HASHED, "--dest", str(self._downloads), "-r", str(self._lock)], environ, signals
        )
        downloaded = time.monotonic()
        # Compiling all would take longer than all the rest; what is imported is compiled then.
        self._step(
            [*pip, "install", *_HASHED, *_FROM_DISK, "--find-links", str(self._downloads), "-r", str(self._lock)],
            environ,
            signals,
        )
        (self._making / _STAMP).write_text(self._key())
        shutil.rmtree(self._place, ignore_errors=True)
        self._making.rename(self._place)
        shutil.rmtree(self._downloads, ignore_errors=True)
        say(f"downloaded in {downloaded - began:.1f} s, installed in {time.monotonic() - downloaded:.1f} s")

    def _is_current(self) -> bool:
        try:
            stamp = (self._place / _STAMP).read_text()
        except OSError:
            return False
        return stamp == self._key() and os.access(self.python, os.X_OK)

    def _key(self) -> str:
        digest = hashlib.sha256(self._lock.read_bytes()).hexdigest()
        return f"{digest} {platform.python_version()} {platform.machine()} {sys.base_prefix}\n"

    def _make_environment(self, environ: Mapping[str, str], signals: Signals) -> list[str]:
        """Make it, and return how to call a pip that installs into it."""
        python = str(self._making / "bin" / "python")
        if importlib.util.find_spec("venv") is None:
            raise Refused(_NO_PIP)
        make = [sys.executable, "-I", "-m", "venv", str(self._making)]
        if _has_pip():
            self._step([*make, "--without-pip"], environ, signals)
            return [sys.executable, "-m", "pip", "--python", python]
        try:
            self._step(make, environ, signals)
        except Refused as problem:
            raise Refused(_NO_PIP) from problem
        return [python, "-m", "pip"]

    def _step(self, argv: Sequence[str], environ: Mapping[str, str], signals: Signals) -> None:
        env = {name: value for name, value in environ.items() if name != "PYTHONPATH"}
        if finish(start(argv, env, output=self._log), signals) != 0:
            last = "\n".join(self._log.read_text(errors="replace").splitlines()[-_TOLD_LINES:])
            raise Refused(f"the lock could not be installed:\n{last}\nAll of it: {self._log}")


def _has_pip() -> bool:
    try:
        version = importlib.metadata.version("pip").split(".")
        return tuple(int(part) for part in version[:2]) >= _LEAST_PIP
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return False
