"""Two clean builds of one commit in different folders: PEX files equal byte for byte, images file by file."""

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_images_testing.engine import built_image

PEX_FILES = (
    "services.api/api.pex",
    "services.scheduler/scheduler.pex",
    "services.worker/worker.pex",
    "services.worker/admin.pex",
)
IMAGES = ("api", "scheduler", "worker")

Tree = dict[str, tuple[object, ...]]
"""A path's type, mode, owner, group, target of a link, and the digest of its content."""


@pytest.mark.timeout(1500)  # it installs the whole lock and builds every image, with nothing cached
def test_a_second_build_elsewhere_is_the_same(tmp_path: Path, base_twin: str) -> None:
    elsewhere = copy_checkout(Path(os.environ["POSTROOM_CHECKOUT"]), tmp_path / "another" / "folder")
    build(elsewhere, base_twin)

    for artifact in PEX_FILES:
        assert digest(Path(artifact)) == digest(elsewhere / "dist" / artifact), artifact
    for service in IMAGES:
        tree, other = read_image(built_image(service)), read_image(built_image(service, elsewhere / "dist"))
        assert "app/pex" in tree
        assert differences(tree, other) == [], service


def test_a_file_that_differs_is_found() -> None:
    """In content, mode or owner, or by being there at all."""
    tree = read_tar(tar(a=b"1", b=b"2", c=b"3", d=b"4"))
    other = read_tar(tar(a=b"1", b=b"3", c=b"3", e=b"5"))
    other["c"] = (*other["c"][:1], 0o777, *other["c"][2:])

    assert differences(tree, other) == ["b", "c", "d", "e"]


@pytest.fixture
def base_twin() -> Iterator[str]:
    """The same base under another id: nothing that was built on the first is taken from the engine's cache."""
    recipe = f"FROM {os.environ['BASE_IMAGE']}\nLABEL twin={uuid.uuid4()}\n"
    name = f"postroom-base-twin:{uuid.uuid4().hex}"
    docker("build", "--quiet", "--tag", name, "-", stdin=recipe.encode())
    yield name
    docker("image", "rm", "--force", name)


def copy_checkout(source: Path, target: Path) -> Path:
    """What git knows or would add; no cache, nothing that was built."""
    listed = subprocess.run(
        ["git", "-C", source, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        stdout=subprocess.PIPE,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (source / name).exists():  # one that is deleted and not yet committed is listed, too
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / name, target / name)
    return target


def build(checkout: Path, base: str) -> None:
    """With Pants' caches empty."""
    options = [
        "--no-pantsd",
        f"--local-store-dir={checkout.parent / 'store'}",
        f"--named-caches-dir={checkout.parent / 'caches'}",
    ]
    built = subprocess.run(
        ["./pants", *options, "package", "services/::", "deploy/images::"],
        cwd=checkout,
        env=os.environ | {"BASE_IMAGE": base, "GIT_COMMIT": os.environ["GIT_COMMIT"] + "-again"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert built.returncode == 0, built.stdout.decode()[-4000:]


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def read_image(image: str) -> Tree:
    container = docker("create", image).decode().strip()
    try:
        return read_tar(docker("export", container))
    finally:
        docker("rm", "--force", container)


def read_tar(archive: bytes) -> Tree:
    tree: Tree = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            content = files.extractfile(member) if member.isfile() else None
            tree[member.name] = (
                member.type,
                member.mode,
                member.uid,
                member.gid,
                member.linkname,
                hashlib.sha256(content.read()).hexdigest() if content else None,
            )
    return tree


def differences(one: Tree, other: Tree) -> list[str]:
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def tar(**files: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as writing:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            writing.addfile(member, io.BytesIO(content))
    return archive.getvalue()


def docker(*arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(["docker", *arguments], input=stdin, stdout=subprocess.PIPE, check=True).stdout
