"""The folder of a deploy: config, secrets, releases, and what ran when. It outlives every checkout."""

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from postroom_release.errors import EX_NOINPUT, EX_TEMPFAIL, EX_USAGE, Refused

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
"""What Compose takes in the name of a project."""


class DeployFolder:
    """Where things are; nothing is read or made.

    Raises:
        Refused: the folder's name cannot name containers.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        if not _NAME.fullmatch(self.path.name):
            raise Refused(
                f"{self.path}: the last part names the deploy, and its containers: a-z, 0-9, _ and -, at most 41",
                exit_code=EX_USAGE,
            )

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def project(self) -> str:
        """Compose's name for all that belongs to this deploy."""
        return f"postroom-{self.name}"

    @property
    def config(self) -> Path:
        return self.path / "config.env"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    @property
    def certificates(self) -> Path:
        """Authorities of backing services, mounted for URLs to name."""
        return self.path / "certificates"

    @property
    def releases(self) -> Path:
        return self.path / "releases"

    @property
    def history(self) -> Path:
        return self.path / "history.jsonl"

    def ensure_there(self) -> None:
        """Raises Refused where no deploy was made."""
        if not self.config.is_file():
            raise Refused(
                f"{self.path}: no deploy is there; `make new-deploy` makes one, DEPLOY=FOLDER names another",
                exit_code=EX_NOINPUT,
            )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep everybody else from changing what runs; raises Refused when somebody does so now."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as problem:
                raise Refused(
                    f"{self.path}: another command changes what runs; wait for its end", exit_code=EX_TEMPFAIL
                ) from problem
            yield
        finally:
            os.close(descriptor)


def find_folder(environ: Mapping[str, str]) -> DeployFolder:
    """The one that DEPLOY names, else `main` in the user's data folder."""
    if named := environ.get("DEPLOY"):
        return DeployFolder(Path(named))
    data = environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return DeployFolder(Path(data) / "postroom/deploys/main")
