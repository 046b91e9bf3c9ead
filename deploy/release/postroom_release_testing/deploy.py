"""A deploy as its operator has it: the launcher, the folder, and containers that run."""

import json
import os
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from postroom_images_testing.engine import docker, inspect

_LAUNCHER = "deploy/release/release"
_COMMIT = "0" * 40


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    out: str
    err: str


class Deploy:
    """Made at the beginning, and gone in the end, whatever runs.

    Args:
        parent: of its folder.
    """

    def __init__(self, parent: Path) -> None:
        self.folder = parent / f"test-{uuid.uuid4().hex[:8]}"
        self.project = f"postroom-{self.folder.name}"
        self._environment = os.environ | {"DEPLOY": str(self.folder)}

    def __enter__(self) -> Self:
        _check(self._run("build-support/on_debian", "--servers", _LAUNCHER, "new"))  # as `make new-deploy` does
        return self

    def __exit__(self, *_: object) -> None:
        self.must("down", "--volumes", stdin=f"{self.folder.name}\n")

    def run(self, *arguments: str, stdin: str = "") -> Answer:
        return self._run(_LAUNCHER, *arguments, stdin=stdin)

    def must(self, *arguments: str, stdin: str = "") -> str:
        """What it prints; raises AssertionError when it does not end with 0."""
        return _check(self.run(*arguments, stdin=stdin))

    def configure(self, **values: str) -> None:
        """Set these in config.env, instead of what stands there."""
        file = self.folder / "config.env"
        kept = [line for line in file.read_text().splitlines() if line.partition("=")[0] not in values]
        file.write_text("\n".join([*kept, *(f"{name}={value}" for name, value in values.items())]) + "\n")

    def put_secret(self, name: str, text: str) -> None:
        file = self.folder / "secrets" / name
        file.touch(mode=0o600)
        file.write_text(text)

    def release(self, images: dict[str, str], *, version: str = "0.1.0") -> int:
        """Make a release of these images; its number."""
        manifest = {
            "version": version,
            "commit": _COMMIT,
            "modified": False,
            "images": {service: {"reference": inspect("image", name)["Id"]} for service, name in images.items()},
        }
        build = self.folder.parent / f"{self.folder.name}.build.json"
        build.write_text(json.dumps(manifest))
        self.must("release", "--build", str(build))
        return len(list((self.folder / "releases").iterdir()))

    def record(self, number: int) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.folder / f"releases/{number:06}.json").read_text())
        return told

    @property
    def running(self) -> int | None:
        """Which release `list` marks."""
        marked = [one["release"] for one in json.loads(self.must("list", "--json")) if one["running"]]
        return marked[0] if marked else None

    def _run(self, *command: str, stdin: str = "") -> Answer:
        done = subprocess.run(  # noqa: S603 - our own launcher
            command, env=self._environment, input=stdin, capture_output=True, text=True, check=False
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def containers(self) -> dict[str, dict[str, Any]]:
        """What the engine says of each, by service."""
        label = f"label=com.docker.compose.project={self.project}"
        names = docker("ps", "--all", "--filter", label, "--format", "{{.Names}}").split()
        told = [inspect("container", name) for name in names]
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in told}


def _check(answer: Answer) -> str:
    if answer.code != 0:
        raise AssertionError(f"it ended with {answer.code}: {answer.out}{answer.err}")
    return answer.out.strip()
