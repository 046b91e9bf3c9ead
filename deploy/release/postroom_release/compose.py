"""Docker Compose, by its own program, with what a record says."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from postroom_release.errors import EX_UNAVAILABLE, Refused
from postroom_release.folder import DeployFolder
from postroom_release.record import Record
from postroom_release.secrets import FOR_DATABASE, MOUNTED, mark_secrets

_CHECKOUT = Path(__file__).resolve().parents[3]
_TOOLS = _CHECKOUT / "build-support/tools"
_OLDEST = (2, 30)
"""It takes an env_file as it stands; before, $ in a value meant something."""


class Compose:
    """One release in one deploy; made by `opened`."""

    def __init__(self, project: str, file: Path, environment: dict[str, str]) -> None:
        self.project = project
        self._command = [*find_compose(), "--progress", "quiet", "--project-name", project, "--file", str(file)]
        self._environment = environment

    def up(self, service: str, *, replace: bool = True) -> bool:
        """Replace it where it differs, and do not wait for it. Nothing is built or pulled.

        Args:
            service: its name.
            replace: False: one that is there stays as it is, and is started if it does not run.
        """
        # What it depends on has been run step by step before.
        how = ("--detach", "--no-build", "--no-deps", "--pull", "never", *(() if replace else ("--no-recreate",)))
        return self.do("up", *how, service) == 0

    def run(self, service: str, *arguments: str, terminal: bool = False) -> int:
        """Run a one-off process to its end; its exit code."""
        how = ("--rm", "--no-deps", "--pull", "never", *(() if terminal else ("--no-TTY",)))
        return self.do("run", *how, service, *arguments)

    def check(self, secrets: Mapping[str, Path]) -> int:
        """Ask the build whether it takes the config, with these secrets by name and no others; its exit code."""
        how = ("--rm", "--no-deps", "--pull", "never", "--no-TTY")
        mounts = [f"--volume={file}:{MOUNTED}/{name}:ro" for name, file in secrets.items()]
        return self.do("run", *how, *mounts, "check")

    def hand_over(self, *readers: str) -> bool:
        """Give these their secrets, as they are now; nobody else's are touched."""
        how = ("--rm", "--no-deps", "--pull", "never", "--no-TTY", "--env", f"TO={' '.join(readers)}")
        return self.do("run", *how, "secrets") == 0

    def do(self, *arguments: str) -> int:
        return subprocess.run([*self._command, *arguments], env=self._environment, check=False).returncode  # noqa: S603 - no shell


@contextmanager
def opened(folder: DeployFolder, record: Record) -> Iterator[Compose]:
    """Compose with the record's own text and config, in files that are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="postroom-release-") as work:  # 0700
        file, environment = Path(work, "compose.yaml"), Path(work, "service.env")
        file.write_text(record.compose)
        environment.write_text("".join(f"{name}={value}\n" for name, value in record.config.environment.items()))
        yield Compose(folder.project, file, _variables(folder, record, environment))


def take_down(folder: DeployFolder, *, volumes: bool) -> int:
    """Whatever has the project's label, whichever release it is of."""
    command = [*find_compose(), "--progress", "quiet", "--project-name", folder.project, "down"]
    if volumes:
        command.append("--volumes")
    return subprocess.run(command, check=False).returncode  # noqa: S603 - no shell


@cache
def find_compose() -> tuple[str, ...]:
    """Docker's plugin, a program of its own, or that of this checkout's tools: the first that is recent enough.

    Raises:
        Refused: none is.
    """
    for command in (("docker", "compose"), ("docker-compose",), (str(_TOOLS), "--of", "ship", "docker-compose")):
        try:
            asked = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False)  # noqa: S603 - no shell
        except FileNotFoundError:
            continue
        version = re.match(r"v?(\d+)\.(\d+)", asked.stdout)
        if asked.returncode == 0 and version and (int(version[1]), int(version[2])) >= _OLDEST:
            return command
    raise Refused(f"Docker Compose is needed, version {_OLDEST[0]}.{_OLDEST[1]} or later", exit_code=EX_UNAVAILABLE)


def _variables(folder: DeployFolder, record: Record, environment: Path) -> dict[str, str]:
    """What compose.yaml asks for, beside this process's own environment."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
    images = {f"{service.upper()}_IMAGE": image for service, image in record.images.items()}
    return (
        inherited
        # An image is asked for although a service that has none is never started.
        | {"DATABASE_IMAGE": "none", "REDIS_IMAGE": "none"}
        | images
        | {
            "RELEASE": str(record.release),
            "ENVIRONMENT": str(environment),
            "SECRETS": str(folder.secrets),
            "SECRETS_MARK": mark_secrets(folder.secrets, set(record.config.secrets) - set(FOR_DATABASE)),
            "CERTIFICATES": str(folder.certificates),
            "API_PUBLISH": record.config.publish,
            "WORKER_REPLICAS": record.config.worker_replicas,
            "GRACE_SECONDS": str(record.config.grace_seconds),
        }
    )
