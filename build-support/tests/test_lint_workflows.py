"""Faults that are planted into a workflow, and found."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path("build-support/lint_workflows")
GOOD = """\
name: sample
on:
  pull_request:
permissions: {}
concurrency:
  group: sample-${{ github.ref }}
  cancel-in-progress: true
jobs:
  sample:
    name: Sample
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read # the checkout
    steps:
      - name: Check out
        uses: actions/checkout@0123456789abcdef0123456789abcdef01234567 # v4.2.2
        with:
          persist-credentials: false
      - name: Greet
        env:
          TITLE: ${{ github.event.pull_request.title }}
        run: echo "$TITLE"
"""


FAULTS = {
    # name: what is right, what is planted in its stead, by what it is known
    "tag": ("@0123456789abcdef0123456789abcdef01234567 # v4.2.2", "@v4", "unpinned-uses"),
    "no-permissions": ("permissions: {}\n", "", "excessive-permissions"),
    "all-permissions": ("permissions: {}", "permissions: write-all", "excessive-permissions"),
    "no-reason": ("contents: read # the checkout", "packages: write", "undocumented-permissions"),
    "injection": ('"$TITLE"', '"${{ github.event.pull_request.title }}"', "template-injection"),
    "credentials": ("with:\n          persist-credentials: false", "id: checkout", "artipacked"),
    "trigger": ("  pull_request:", "  pull_request_target:", "dangerous-triggers"),
    "image": ("    timeout-minutes", "    container: debian:12\n    timeout-minutes", "unpinned-images"),
    "no-concurrency": (
        "concurrency:\n  group: sample-${{ github.ref }}\n  cancel-in-progress: true\n",
        "",
        "concurrency-limits",
    ),
    "expression": ('"$TITLE"', '"${{ matrix.title }}"', 'property "title" is not defined'),
    "shell": ('echo "$TITLE"', "echo $TITLE", "SC2086"),
}
UNREADABLE = {
    "key": ("timeout-minutes: 5", "timeout-minuets: 5", 'unexpected key "timeout-minuets"'),
    "yaml": ("    steps:", "    steps: [", "could not parse as YAML"),
}


def lint(*paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, *paths], capture_output=True, text=True, check=False)


def plant(folder: Path, name: str, right: str, wrong: str) -> Path:
    assert right in GOOD
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yml"
    path.write_text(GOOD.replace(right, wrong, 1))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("planted") / ".github/workflows"
    for name, (right, wrong, _) in FAULTS.items():
        plant(made, name, right, wrong)
    plant(made, "good", "", "")
    return made


@pytest.fixture(scope="module")
def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    return lint(folder)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_where_it_is(linted: subprocess.CompletedProcess[str], name: str) -> None:
    rule = FAULTS[name][2]
    by_zizmor = rf"\[{rule}\].*\n\s+--> \S+/{name}\.yml:\d"
    by_actionlint = rf"/{name}\.yml:\d+:\d+: .*{rule}"

    assert linted.returncode == 1
    assert re.search(f"{by_zizmor}|{by_actionlint}", linted.stdout), linted.stdout + linted.stderr


def test_nothing_is_found_where_nothing_is(linted: subprocess.CompletedProcess[str]) -> None:
    assert "/good.yml" not in linted.stdout + linted.stderr


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_workflow_that_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    right, wrong, problem = UNREADABLE[name]

    done = lint(plant(tmp_path, name, right, wrong))

    assert done.returncode == 1
    assert problem in done.stdout


def test_a_good_workflow_passes(tmp_path: Path) -> None:
    done = lint(plant(tmp_path, "good", "", ""))

    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    done = lint(tmp_path / "none.yml")

    assert done.returncode == 64
    assert f"there is no {tmp_path}/none.yml" in done.stderr


def test_nothing_is_written(folder: Path, linted: subprocess.CompletedProcess[str]) -> None:
    planted = {name: GOOD.replace(right, wrong, 1) for name, (right, wrong, _) in FAULTS.items()} | {"good": GOOD}

    assert {path.stem: path.read_text() for path in folder.parent.rglob("*") if path.is_file()} == planted


def test_the_projects_own_workflows_are_read_when_none_is_named(tmp_path: Path) -> None:
    copy = copy_script(tmp_path, SCRIPT)
    plant(tmp_path / ".github/workflows", "tag", *FAULTS["tag"][:2])

    done = subprocess.run([copy], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "[unpinned-uses]" in done.stdout


def copy_script(root: Path, script: Path) -> Path:
    """Into a checkout with nothing else but the tools that it calls."""
    for path in [
        script,
        *map(Path, ("build-support/tools", "3rdparty/python/ship.lock", "3rdparty/python/tools.lock")),
    ]:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, root / path)
    return root / script
