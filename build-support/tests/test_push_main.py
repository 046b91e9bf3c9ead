"""Against real repositories: one that is the remote, one that the script runs in."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path("build-support/push_main").resolve()
NAMES = {f"GIT_{who}_{what}": "ci@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
ALONE = NAMES | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}


@dataclass(frozen=True)
class Repositories:
    remote: Path
    clone: Path

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.clone, env=os.environ | ALONE, stdout=subprocess.PIPE, text=True, check=True
        ).stdout.strip()

    def commit(self, branch: str, subject: str) -> str:
        """Commit on a branch and bring it to the remote."""
        self.git("checkout", "--quiet", branch)
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)
        self.git("push", "--quiet", "origin", branch)
        return self.git("rev-parse", "HEAD")

    def at(self, branch: str) -> str:
        return self.git("ls-remote", "origin", f"refs/heads/{branch}").split("\t")[0]

    def push_main(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SCRIPT, *arguments],
            cwd=self.clone,
            env=os.environ | ALONE | variables,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def repositories(tmp_path: Path) -> Repositories:
    made = Repositories(tmp_path / "remote", tmp_path / "clone")
    made.clone.mkdir()
    made.git("init", "--quiet", "--bare", "--initial-branch=main", str(made.remote))
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("remote", "add", "origin", str(made.remote))
    made.git("commit", "--quiet", "--allow-empty", "--message", "First")
    made.git("push", "--quiet", "origin", "main", "main:staging")
    made.git("fetch", "--quiet", "origin")
    return made


def test_a_branch_that_is_behind_comes_level(repositories: Repositories) -> None:
    before = repositories.at("staging")
    repositories.commit("main", "Second")
    third = repositories.commit("main", "Third")

    done = repositories.push_main("staging")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"staging went from {before} to {third}\n"
    assert repositories.at("staging") == third


def test_what_is_pushed_is_the_remotes_main_wherever_the_checkout_stands(repositories: Repositories) -> None:
    second = repositories.commit("main", "Second")
    repositories.git("checkout", "--quiet", "--detach", "HEAD~1")
    repositories.git("branch", "--force", "main", "HEAD")

    assert repositories.push_main("staging").returncode == 0
    assert repositories.at("staging") == second


def test_a_branch_with_commits_of_its_own_is_left_alone_and_they_are_listed(repositories: Repositories) -> None:
    repositories.git("checkout", "--quiet", "-b", "staging")
    own = repositories.commit("staging", "A fix that main lacks")
    repositories.commit("main", "Second")

    done = repositories.push_main("staging")

    assert (done.returncode, done.stdout) == (65, "")
    assert done.stderr.startswith("push_main: staging holds what main does not:\n")
    assert "A fix that main lacks" in done.stderr
    assert "Second" not in done.stderr
    assert repositories.at("staging") == own


def test_a_branch_that_is_only_ahead_is_left_alone(repositories: Repositories) -> None:
    repositories.git("checkout", "--quiet", "-b", "staging")
    own = repositories.commit("staging", "A fix that main lacks")

    assert repositories.push_main("staging").returncode == 65
    assert repositories.at("staging") == own


def test_a_branch_that_is_level_stays(repositories: Repositories) -> None:
    done = repositories.push_main("staging")

    assert done.returncode == 0
    assert done.stdout.startswith("staging is level with main already")


def test_a_branch_that_is_not_there_is_not_made(repositories: Repositories) -> None:
    done = repositories.push_main("stagign")

    assert (done.returncode, done.stdout) == (65, "")
    assert "origin has no branch stagign" in done.stderr
    assert repositories.at("stagign") == ""


@pytest.mark.parametrize("away_for", ["fetch", "ls-remote"])
def test_a_remote_that_does_not_answer_is_told_apart(repositories: Repositories, tmp_path: Path, away_for: str) -> None:
    """Asked for a branch that is there."""
    repositories.commit("main", "Second")
    before = repositories.at("staging")
    git = tmp_path / "bin/git"
    git.parent.mkdir()
    real = shutil.which("git")
    git.write_text(f'#!/bin/sh\n[ "$1" != {away_for} ] || set -- ls-remote {tmp_path}/nowhere\nexec {real} "$@"\n')
    git.chmod(0o755)

    done = repositories.push_main("staging", PATH=f"{git.parent}:{os.environ['PATH']}")

    assert (done.returncode, done.stdout) == (69, "")
    assert done.stderr.splitlines()[-1] == "push_main: origin could not be read, see above"
    assert repositories.at("staging") == before


def test_a_remote_that_refuses_is_a_failure(repositories: Repositories) -> None:
    """As with a branch that is protected."""
    before = repositories.at("staging")
    repositories.commit("main", "Second")
    hook = repositories.remote / "hooks/update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/staging ]\n')
    hook.chmod(0o755)

    done = repositories.push_main("staging")

    assert done.returncode not in (0, 65)
    assert done.stdout == ""
    assert repositories.at("staging") == before


@pytest.mark.parametrize(
    "arguments", [(), ("main",), ("a", "b"), ("--force",), ("a b",), ("+staging",), ("a:b",), ("",)]
)
def test_what_is_no_branch_is_refused(repositories: Repositories, arguments: tuple[str, ...]) -> None:
    second = repositories.commit("main", "Second")

    done = repositories.push_main(*arguments)

    assert done.returncode in (64, 65)
    assert done.stdout == ""
    assert repositories.at("main") == second
    assert repositories.at("staging") != second


def test_help_tells_how_it_is_called(repositories: Repositories) -> None:
    done = repositories.push_main("--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert "push_main BRANCH" in done.stdout
