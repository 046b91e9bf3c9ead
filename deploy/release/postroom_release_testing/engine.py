"""The engine that tests run containers on: what was built, and what they derive from it."""

import json
import uuid
from pathlib import Path
from typing import Self

from postroom_images_testing.engine import built_image, docker, inspect
from postroom_release.build import SERVICES


def built_images() -> dict[str, str]:
    """The images of the services, by name."""
    return {service: built_image(service) for service in SERVICES}


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
