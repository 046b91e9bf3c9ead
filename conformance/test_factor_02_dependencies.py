import json
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_conformance.alone import Run, run_alone
from postroom_conformance.claims import proves, violates
from postroom_conformance.dependencies import (
    find_builders,
    find_incomplete,
    find_unlocked,
    read_installed,
    read_pins,
)
from postroom_conformance.fixtures import Evidence
from postroom_conformance.pex_file import PEX_FILES, read_pex
from postroom_images_testing.closures import find_foreign_code
from postroom_images_testing.contents import PACKAGES, find_programs, find_tools_and_tests
from postroom_images_testing.engine import docker
from postroom_images_testing.image import Image, read_image

LOCK = Path("3rdparty/python/default.lock")
SPOIL = f"""
import pathlib, shutil
packages = pathlib.Path('/{PACKAGES}')
for name in ('boto3', 'pip', 'resend-1.0.0.dist-info'):
    (packages / name).mkdir()
    (packages / name / 'METADATA').touch()
for path in ('/usr/bin/git', '/usr/bin/x86_64-linux-gnu-gcc-12', '/usr/local/bin/curl', '/app/bin/tool'):
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy('/bin/true', path)
"""


@proves(
    "A PEX file needs Python and nothing else: with the network off and an empty cache it installs what it holds,"
    " answers, and imports each of its modules."
)
def test_an_artifact_holds_all_that_it_needs(runs: dict[str, Run], evidence: Evidence) -> None:
    for entry_point, run in runs.items():
        ours, all_together = run.imported.split()
        evidence(f"{entry_point}.pex: {ours} modules of ours imported, {all_together} with all that they need")
        assert int(ours) > 100
    assert find_incomplete(runs) == []


@pytest.fixture
def lacking(tmp_path: Path) -> Path:
    """The scheduler's PEX file without APScheduler."""
    copy = tmp_path / "scheduler.pex"
    with zipfile.ZipFile(PEX_FILES["scheduler"]) as whole, zipfile.ZipFile(copy, "w") as archive:
        for name in whole.namelist():
            content = whole.read(name)
            if name == "PEX-INFO":
                told = json.loads(content)
                for field in ("distributions", "requirements"):
                    kept = [one for one in told[field] if not one.lower().startswith("apscheduler")]
                    told[field] = {one: told[field][one] for one in kept} if field == "distributions" else kept
                content = json.dumps(told).encode()
            if not name.lower().startswith(".deps/apscheduler"):
                archive.writestr(name, content)
    return copy


@violates(test_an_artifact_holds_all_that_it_needs, "a PEX file of the scheduler without APScheduler")
def test_a_library_that_is_missing_is_found(lacking: Path, base_name: str) -> None:
    assert find_incomplete({"scheduler": run_alone(lacking, base_name)}) == [
        "scheduler ended with 1: ModuleNotFoundError: No module named 'apscheduler'"
    ]


@proves(
    "An image holds its own closure and no other's: libraries of its service's PEX file, each at the version that the "
    "lock has by hash."
)
def test_an_image_holds_its_own_closure(images: dict[str, Image], evidence: Evidence) -> None:
    pins = read_pins(LOCK.read_text())
    for service, image in images.items():
        evidence(f"{service}: {len(read_installed(image.files))} libraries of the {len(pins)} in the lock")
        assert len(read_installed(image.files)) > 10
        in_pex = read_pex(Path(PEX_FILES[service]))
        # What nobody loads is left out of the image.
        assert read_installed(image.files).items() <= read_installed(in_pex).items()
        assert find_unlocked(in_pex, pins) == []
        assert find_foreign_code(image.files, service) == []
        assert find_tools_and_tests(image.files) == []


@proves("An image holds no compiler, no git and no curl, and of ours nothing can be run but its entry points.")
def test_an_image_cannot_build_or_fetch(images: dict[str, Image], evidence: Evidence) -> None:
    for service, image in images.items():
        evidence(f"{service}: looked at {len(image.files)} files, those of its base among them")
        assert find_builders(image.files) == []
        assert find_programs(image.files) == []


@pytest.fixture(scope="module")
def spoilt(names: dict[str, str]) -> Iterator[Image]:
    """The scheduler's image, with what does not belong into it."""
    name = f"postroom-spoilt:{uuid.uuid4().hex}"
    spoil = SPOIL.strip().replace("\n", "\\n")
    recipe = f'FROM {names["scheduler"]}\nUSER root\nRUN ["/app/bin/python", "-c", "{spoil}"]\n'
    docker("build", "--quiet", "--tag", name, "-", stdin=recipe.encode())
    yield read_image(name)
    docker("image", "rm", "--force", name)


@violates(test_an_image_holds_its_own_closure, "a scheduler's image with boto3, pip, and a library that is not locked")
def test_a_library_too_many_is_found(spoilt: Image) -> None:
    assert find_foreign_code(spoilt.files, "scheduler") == ["boto3 is foreign"]
    assert "pip is left" in find_tools_and_tests(spoilt.files)
    assert find_unlocked(spoilt.files, read_pins(LOCK.read_text())) == [
        f"resend 1.0.0 is locked as {read_pins(LOCK.read_text())['resend']}"
    ]


@violates(test_an_image_cannot_build_or_fetch, "an image with gcc, git and curl, and a program of its own")
def test_a_compiler_is_found(spoilt: Image) -> None:
    assert find_builders(spoilt.files) == [
        "/usr/bin/git is there",
        "/usr/bin/x86_64-linux-gnu-gcc-12 is there",
        "/usr/local/bin/curl is there",
    ]
    assert find_programs(spoilt.files) == ["/app/bin/tool is a program"]
