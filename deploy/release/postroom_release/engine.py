"""The Docker engine, by its own program."""

import json
import re
import subprocess
from collections.abc import Iterable
from typing import Any

from postroom_release.errors import EX_UNAVAILABLE, Refused
from postroom_release.saying import say

_FIXED = re.compile(r"@|^(sha256:)?[0-9a-f]{12,64}$")
"""A digest, or an id: it never stands for anything else."""


def ensure_answers() -> None:
    """Raises Refused where there is no engine."""
    try:
        asked = _docker("version", "--format", "{{.Server.Version}}")
    except FileNotFoundError as problem:
        raise Refused("Docker is needed (Debian: apt-get install docker.io)", exit_code=EX_UNAVAILABLE) from problem
    if asked.returncode != 0:
        raise Refused(f"no Docker engine answers: {asked.stderr.strip()}", exit_code=EX_UNAVAILABLE)


def ensure_images(images: Iterable[str], *, remedy: str) -> None:
    """Raises Refused for images that the engine does not have, and names them."""
    missing = [image for image in images if inspect_image(image) is None]
    if missing:
        raise Refused(f"the engine has no {', '.join(missing)}; {remedy}", exit_code=EX_UNAVAILABLE)


def fix_image(name: str) -> str:
    """What a name stands for now, as what never moves: a digest of a registry, else the id in this engine.

    A name that the engine does not know is pulled first. So is a tag that came from a registry, because what it stands
    for there may be newer; where it cannot be pulled, what the engine has is taken, and that is said.

    Raises:
        Refused: it is not there, and cannot be pulled.
    """
    told = inspect_image(name)
    if told is None or (told.get("RepoDigests") and not _FIXED.search(name)):
        pulled = subprocess.run(["docker", "pull", name], stdout=subprocess.DEVNULL, check=False)  # noqa: S603, S607 - a fixed command
        if pulled.returncode == 0:
            told = inspect_image(name)
        elif told is not None:
            say(f"{name} cannot be pulled, see above: the release gets the one that the engine has, which may be older")
    if told is None:
        raise Refused(
            f"the image {name} is not in the engine, and cannot be pulled, see above", exit_code=EX_UNAVAILABLE
        )
    if "@" in name:
        return name
    folder, slash, last = name.rpartition("/")
    repository = folder + slash + last.partition(":")[0]
    digests = [digest for digest in told.get("RepoDigests") or [] if digest.partition("@")[0] == repository]
    fixed: str = digests[0] if digests else told["Id"]
    return fixed


def inspect_image(name: str) -> dict[str, Any] | None:
    """What the engine says of it; None: it does not have it."""
    asked = _docker("image", "inspect", name)
    if asked.returncode != 0:
        return None
    told: list[dict[str, Any]] = json.loads(asked.stdout)
    return told[0]


def inspect_containers(project: str, service: str) -> list[dict[str, Any]]:
    """What the engine says of each container of a service, one-off processes not among them."""
    labels = (f"project={project}", f"service={service}", "oneoff=False")
    chosen = [word for label in labels for word in ("--filter", f"label=com.docker.compose.{label}")]
    ids = _docker("ps", "--all", "--quiet", *chosen).stdout.split()
    told: list[dict[str, Any]] = json.loads(_docker("container", "inspect", *ids).stdout) if ids else []
    return told


def ask(container: str, question: Iterable[str]) -> bool:
    """Whether a command in it ends well; False where it does not run."""
    return _docker("exec", container, *question).returncode == 0


def list_belongings(project: str) -> list[str]:
    """Containers and volumes of a Compose project, by name."""
    label = f"label=com.docker.compose.project={project}"
    asked = [
        _docker("ps", "--all", "--filter", label, "--format", "{{.Names}}"),
        _docker("volume", "ls", "--filter", label, "--format", "{{.Name}}"),
    ]
    return [name for one in asked for name in one.stdout.split()]


def _docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607 - no shell
