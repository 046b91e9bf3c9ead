"""The engine that tests run containers on: what was built, and what they derive from it."""

import json
import subprocess
import uuid
from pathlib import Path
from typing import Any, Self

from postroom_release.build import SERVICES


def docker(*arguments: str) -> str:
    """What it prints; raises CalledProcessError."""
    return subprocess.run(  # noqa: S603 - no shell
        ["docker", *arguments],  # noqa: S607 - from PATH, as the caller has it
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.strip()


def logs(container: str) -> str:
    """All that it said: stdout, and stderr, where MariaDB logs."""
    told = subprocess.run(  # noqa: S603 - no shell
        ["docker", "logs", container],  # noqa: S607 - as above
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return told.stdout


def inspect(kind: str, name: str) -> dict[str, Any]:
    told: list[dict[str, Any]] = json.loads(docker(kind, "inspect", name))
    return told[0]


def built_images() -> dict[str, str]:
    """The images of the services, by name, as Pants says that it built them."""
    images = {}
    for service in SERVICES:
        told = json.loads(Path(f"deploy.images/{service}.docker-info.json").read_text())
        images[service] = told["registries"][0]["tags"][0]["name"]
    return images


class Derived:
    """Images that differ from others in a few files, and are gone in the end."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._names: list[str] = []

    def derive(self, base: str, files: dict[str, str]) -> str:
        """An image with these files, text by path; its id."""
        context = self._work / uuid.uuid4().hex
        context.mkdir()
        recipe = [f"FROM {base}"]
        for number, (path, text) in enumerate(files.items()):
            (context / str(number)).write_text(text)
            recipe.append(f"COPY {number} {path}")
        if modules := [path for path in files if path.endswith(".py")]:
            # What was compiled before may be taken without a look at the source.
            compiling = [
                "/app/bin/python",
                "-m",
                "compileall",
                "-q",
                "-f",
                "--invalidation-mode=unchecked-hash",
                *modules,
            ]
            recipe += ["USER 0", f"RUN {json.dumps(compiling)}", "USER 65532:65532"]
        (context / "Dockerfile").write_text("\n".join(recipe))
        name = f"postroom-derived:{uuid.uuid4().hex}"
        docker("build", "--quiet", "--tag", name, str(context))
        self._names.append(name)
        image: str = inspect("image", name)["Id"]
        return image

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._names:
            docker("image", "rm", "--force", name)


class Network:
    """A bridge, for the address of this machine on it: what listens there is reached from containers."""

    def __init__(self) -> None:
        self._name = f"postroom-test-{uuid.uuid4().hex[:12]}"

    def __enter__(self) -> str:
        docker("network", "create", self._name)
        address: str = inspect("network", self._name)["IPAM"]["Config"][0]["Gateway"]
        return address

    def __exit__(self, *_: object) -> None:
        docker("network", "rm", self._name)
