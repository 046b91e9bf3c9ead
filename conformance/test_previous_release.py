"""Which release came before, as git tells it."""

import os
import subprocess
from pathlib import Path

import pytest

from postroom_conformance.previous_release import HistoryMissing, find_previous

VERSIONS = "libs/database/postroom_migrations/versions"
AUTHOR = {f"GIT_{who}_{what}": "ci@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A checkout in which a release had migration 0001, and 0002 came later."""
    folder = tmp_path / "history"
    folder.mkdir()
    git(folder, "init", "--quiet")
    migration(folder, "0001_first.py")
    commit(folder, "v1.0.0")
    commit(folder, "before")
    migration(folder, "0002_second.py")
    commit(folder, "second")
    return folder


def test_the_previous_release_is_the_newest_tag_without_the_newest_migration(history: Path) -> None:
    git(history, "tag", "v1.1.0-rc1", "before")
    git(history, "tag", "v1.1.0", "before")
    commit(history, "v2.0.0")  # released with the new schema
    assert find_previous(history, "0002") == "v1.1.0"


def test_where_nothing_was_released_it_is_the_commit_before_the_newest_migration(history: Path) -> None:
    git(history, "tag", "--delete", "v1.0.0")
    git(history, "mv", f"{VERSIONS}/0002_second.py", f"{VERSIONS}/0002_renamed.py")
    commit(history, "renamed")
    assert find_previous(history, "0002") == git(history, "rev-parse", "before")


def test_a_migration_that_is_not_committed_comes_after_the_newest_commit(history: Path) -> None:
    migration(history, "0003_third.py")
    assert find_previous(history, "0003") == git(history, "rev-parse", "HEAD")


def test_a_history_that_is_cut_off_is_an_error_that_says_what_to_do(history: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", history.as_uri(), "shallow")
    with pytest.raises(HistoryMissing, match="git fetch --unshallow --tags"):
        find_previous(tmp_path / "shallow", "0002")


def test_so_is_none_at_all(tmp_path: Path) -> None:
    with pytest.raises(HistoryMissing, match="not a git repository"):
        find_previous(tmp_path, "0002")


def migration(folder: Path, name: str) -> None:
    file = folder / VERSIONS / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(name)


def commit(folder: Path, name: str) -> None:
    """Commit all there is, and tag it."""
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", name)
    git(folder, "tag", name)


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=os.environ | AUTHOR, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()
