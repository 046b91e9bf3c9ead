import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence
from postroom_conformance.pex_file import PEX_FILES
from postroom_conformance.trees import Tree, find_differences, read_tar, read_tree
from postroom_images_testing.engine import built_image, docker
from postroom_images_testing.stack import SERVICES

TWIN = "twin.invalid"


@pytest.mark.timeout(1500)  # it installs the whole lock and builds every image, with nothing cached
@proves(
    "Two builds of one commit, in different folders and with nothing cached, are the same: PEX files byte for byte,"
    " images file by file."
)
def test_a_second_build_elsewhere_is_the_same(tmp_path: Path, base_twin: str, evidence: Evidence) -> None:
    elsewhere = copy_checkout(Path(os.environ["POSTROOM_CHECKOUT"]), tmp_path / "another" / "folder")
    build(elsewhere, base_twin)

    for file in PEX_FILES.values():
        evidence(f"{file}: sha256 {digest(Path(file))} and {digest(elsewhere / 'dist' / file)}")
        assert digest(Path(file)) == digest(elsewhere / "dist" / file), file
    for service in SERVICES:
        image, twin = built_image(service), built_image(service, elsewhere / "dist")
        assert twin == f"{TWIN}/{image}"
        tree, other = read_tree(image), read_tree(twin)
        docker("image", "rm", twin)
        evidence(f"image {service}: {len(tree)} paths, and {len(find_differences(tree, other))} of them differ")
        assert "app/pex" in tree
        assert find_differences(tree, other) == [], service


@violates(test_a_second_build_elsewhere_is_the_same, "a PEX file in which one file has another time")
def test_a_pex_file_that_differs_is_found(tmp_path: Path) -> None:
    copy = tmp_path / "scheduler.pex"
    with zipfile.ZipFile(PEX_FILES["scheduler"]) as whole, zipfile.ZipFile(copy, "w") as archive:
        for info in whole.infolist():
            content = whole.read(info)
            if info.filename == "PEX-INFO":
                info.date_time = (2026, 1, 2, 3, 4, 6)
            archive.writestr(info, content)

    assert digest(copy) != digest(Path(PEX_FILES["scheduler"]))


@violates(test_a_second_build_elsewhere_is_the_same, "an image in which a file says when it was built")
def test_an_image_that_holds_a_time_is_found(stamped: tuple[Tree, Tree]) -> None:
    assert find_differences(*stamped) == ["app/built"]


@violates(test_a_second_build_elsewhere_is_the_same, "files that differ in content, in mode, or by being there at all")
def test_a_path_that_differs_is_found() -> None:
    tree = read_tar(tar(a=b"1", b=b"2", c=b"3", d=b"4"))
    other = read_tar(tar(a=b"1", b=b"3", c=b"3", e=b"5"))
    other["c"] = (*other["c"][:1], 0o777, *other["c"][2:])

    assert find_differences(tree, other) == ["b", "c", "d", "e"]


@pytest.fixture
def base_twin() -> Iterator[str]:
    """The same base under another id: nothing that was built on the first is taken from the engine's cache."""
    recipe = f"FROM {os.environ['BASE_IMAGE']}\nLABEL twin={uuid.uuid4()}\n"
    name = f"postroom-base-twin:{uuid.uuid4().hex}"
    docker("build", "--quiet", "--tag", name, "-", stdin=recipe.encode())
    yield name
    docker("image", "rm", "--force", name)


@pytest.fixture
def stamped() -> Iterator[tuple[Tree, Tree]]:
    """The scheduler's image twice, each with the time of its build."""
    stamp = "import pathlib, time; pathlib.Path('/app/built').write_text(str(time.time_ns()))"
    recipe = f'FROM {built_image("scheduler")}\nUSER root\nRUN ["/app/bin/python", "-c", "{stamp}"]\n'
    built = [f"postroom-stamped:{uuid.uuid4().hex}" for _ in range(2)]
    for name in built:
        docker("build", "--quiet", "--no-cache", "--tag", name, "-", stdin=recipe.encode())
    yield read_tree(built[0]), read_tree(built[1])
    docker("image", "rm", "--force", *built)


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
    """With Pants' caches empty, and images by another name: whoever uses the first goes on to do so."""
    options = [
        "--no-pantsd",
        f"--local-store-dir={checkout.parent / 'store'}",
        f"--named-caches-dir={checkout.parent / 'caches'}",
        f"--docker-registries={{'twin': {{'address': '{TWIN}', 'default': True}}}}",
    ]
    built = subprocess.run(
        ["./pants", *options, "package", "services/::", "deploy/images::"],
        cwd=checkout,
        env=os.environ | {"BASE_IMAGE": base},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert built.returncode == 0, built.stdout.decode()[-4000:]


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def tar(**files: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as writing:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            writing.addfile(member, io.BytesIO(content))
    return archive.getvalue()
