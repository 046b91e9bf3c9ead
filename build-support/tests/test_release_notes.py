import subprocess
import sys
from pathlib import Path

import build_names
import pytest
import release_notes
from build_manifest import EX_DATAERR, EX_USAGE

SCRIPT = Path(release_notes.__file__)
CHANGELOG = """\
# Changelog

## Unreleased

### Added

- What comes next.

## 1.2.3 - 2026-11-27

### Fixed

- A fault.

## 1.2.30 - 2026-11-20

- Another.

## 1.2.2

- No day.

## 1.2.1 - 2026-11-31

- No such day.

## 1.2.0 - 2026-10-01
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    version = tmp_path / "libs/config/postroom_config/version.py"
    version.parent.mkdir(parents=True)
    version.write_text('VERSION = "1.2.3"\n')
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_prints_the_section_of_the_tag_alone(folder: Path) -> None:
    done = run(folder, "v1.2.3")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "### Fixed\n\n- A fault.\n"


def test_a_tag_of_another_version_than_the_codes_is_refused(folder: Path) -> None:
    done = run(folder, "v1.2.30")

    assert (done.returncode, done.stdout) == (EX_DATAERR, "")
    assert done.stderr == "version.py names 1.2.3, the tag 1.2.30: they must be the same\n"


def test_a_version_that_the_changelog_does_not_know_is_refused(folder: Path) -> None:
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- A fault.\n")

    done = run(folder, "v1.2.3")

    assert (done.returncode, done.stdout) == (EX_DATAERR, "")
    assert done.stderr == "CHANGELOG.md: expected a section '## 1.2.3 - YYYY-MM-DD', found none\n"


@pytest.mark.parametrize(
    ("version", "problem"),
    [("1.2.2", "found '' for the day"), ("1.2.1", "found '2026-11-31' for the day"), ("1.2.0", "is empty")],
)
def test_a_section_that_is_not_finished_is_refused(version: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        release_notes.find_notes(CHANGELOG, version)


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2", "v1.2.3-rc1", "v1.2.3\n", "latest", ""])
def test_what_is_no_tag_of_a_release_is_refused(folder: Path, tag: str) -> None:
    done = run(folder, tag)

    assert done.returncode == EX_USAGE
    assert "such as v1.2.3" in done.stderr


def test_the_version_of_a_build_is_the_codes(folder: Path) -> None:
    assert build_names.read_version(folder) == "1.2.3"
