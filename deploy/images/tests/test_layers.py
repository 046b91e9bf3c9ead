"""What a change of sources costs those who pull an image: its last layer, nothing else."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postroom_images_testing.engine import docker, inspect

FILES = ("deploy/images/Dockerfile", "deploy/images/admin", "deploy/images/prune")
PARTS = ("services.worker/libraries.pex", "services.worker/sources.pex")
CHANGED = "services.worker/sources.pex/postroom_worker/lanes.py"

Builder = Callable[[], list[str]]


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """What Pants gives the engine to build the worker's image from."""
    for file in FILES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / file)
    for part in PARTS:
        shutil.copytree(part, tmp_path / part)
    return tmp_path


@pytest.fixture
def build_layers(context: Path, base_name: str) -> Iterator[Builder]:
    built = []

    def build() -> list[str]:
        name = f"postroom-layers:{uuid.uuid4().hex}"
        arguments = [f"--build-arg=BASE_IMAGE={base_name}", "--build-arg=SERVICE=worker", "--target=worker"]
        docker("build", "--quiet", "--tag", name, f"--file={context / FILES[0]}", *arguments, str(context))
        built.append(name)
        layers: list[str] = inspect("image", name)["RootFS"]["Layers"]
        return layers

    yield build
    for name in built:
        docker("image", "rm", "--force", name)


def test_a_change_of_sources_changes_the_last_layer_only(context: Path, build_layers: Builder) -> None:
    before = build_layers()
    with (context / CHANGED).open("a") as source:
        source.write(f"# {uuid.uuid4()}\n")
    after = build_layers()

    assert before[:-1] == after[:-1]
    assert before[-1] != after[-1]
