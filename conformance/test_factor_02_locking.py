import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence

OURS = ("pants", "pants.toml", "build-support/build_prelude", "3rdparty/python/pants.lock")
LOCK = "3rdparty/python/default.lock"
MODULE = "libs/grown/postroom_grown/main.py"
FILES = {
    "3rdparty/python/BUILD": 'python_requirements(name="default", source="default.in")\n',
    "3rdparty/python/default.in": "seed\n",
    "libs/grown/BUILD": 'python_sources(sources=["postroom_grown/*.py"])\n'
    'pex_binary(name="main", entry_point="postroom_grown/main.py")\n',
    MODULE: "import seed\n\nprint(seed.WORD)\n",
}
WHEEL = {
    "seed.py": "WORD = 'grown'\n",
    "seed-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: seed\nVersion: 1.0\n",
    "seed-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "seed-1.0.dist-info/RECORD": "seed.py,,\nseed-1.0.dist-info/METADATA,,\nseed-1.0.dist-info/WHEEL,,\n"
    "seed-1.0.dist-info/RECORD,,\n",
}

pytestmark = pytest.mark.timeout(400)  # Pants starts anew each time, and installs what it works with


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small repository under our own pants.toml: one module, and one library by its hash."""
    for name in OURS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, tmp_path / name)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    wheel = tmp_path / "wheels/seed-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in WHEEL.items():
            archive.writestr(name, text)
    lock(tmp_path, hashlib.sha256(wheel.read_bytes()).hexdigest())
    return tmp_path


def lock(checkout: Path, digest: str) -> None:
    (checkout / LOCK).write_text(f"seed==1.0 \\\n    --hash=sha256:{digest}\n")


def build(checkout: Path) -> subprocess.CompletedProcess[str]:
    """As `make package` does, with the folder of wheels in place of an index."""
    where = {"PANTS_PYTHON_REPOS_INDEXES": "[]", "PANTS_PYTHON_REPOS_FIND_LINKS": f"['file://{checkout}/wheels']"}
    return subprocess.run(
        ["./pants", "--no-pantsd", "package", "libs/grown::"],
        cwd=checkout,
        env=os.environ | where,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def find_trouble(built: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines in which a build that failed says why; of one that failed without a word, that it did."""
    if built.returncode == 0:
        return []
    why = [line.strip() for line in built.stderr.splitlines() if "HASHES" in line or "infer owners" in line]
    return why or [f"ended with {built.returncode}: {built.stderr[-2000:]}"]


@proves("A build installs what the lock names by hash, from wherever it comes, and asks for nothing else.")
def test_a_build_installs_what_is_locked(checkout: Path, evidence: Evidence) -> None:
    assert find_trouble(build(checkout)) == []
    run = subprocess.run(
        [sys.executable, checkout / "dist/libs.grown/main.pex"],
        env={"PEX_ROOT": str(checkout / "pex")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    evidence(f"built with no index, from a folder with {len(list((checkout / 'wheels').iterdir()))} wheel; it ran")
    assert run.stdout == "grown\n"


@violates(test_a_build_installs_what_is_locked, "a wheel whose hash is another than the lock's")
def test_a_wheel_that_was_exchanged_fails_the_build(checkout: Path) -> None:
    lock(checkout, "0" * 64)

    (problem,) = find_trouble(build(checkout))
    assert "DO NOT MATCH THE HASHES" in problem


@violates(test_a_build_installs_what_is_locked, "an import of what no lock has")
def test_an_import_that_is_not_locked_fails_the_build(checkout: Path) -> None:
    with (checkout / MODULE).open("a") as source:
        source.write("import unlocked\n")

    (problem,) = find_trouble(build(checkout))
    assert "cannot infer owners for the following imports" in problem
    assert MODULE in problem
