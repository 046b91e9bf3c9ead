"""Steps of the workflows that are more than a call, run as GitHub runs them: the checkout, a push, a login."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(".github/workflows")
TOKEN = "a-token-that-nobody-sees"
NAMES = {f"GIT_{who}_{what}": "ci@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
# Tells the git that it stands before, its arguments and the header that it was given, then lets it do its work.
GIT = """#!/bin/bash
echo "$*" >>"${TRACES}/arguments"
echo "${GIT_CONFIG_KEY_0:-}=${GIT_CONFIG_VALUE_0:-}" >>"${TRACES}/headers"
exec /usr/bin/git "$@"
"""
DOCKER = """#!/bin/bash
echo "$*" >>"${TRACES}/arguments"
cat >"${TRACES}/stdin"
"""


def read_step(workflow: str, job: str, name: str) -> dict[str, Any]:
    steps = yaml.safe_load((FOLDER / f"{workflow}.yml").read_text())["jobs"][job]["steps"]
    (step,) = (step for step in steps if step["name"] == name)
    return dict(step)


@dataclass(frozen=True)
class Runner:
    """A folder that a job starts in, beside a server that keeps one repository."""

    root: Path

    @property
    def server(self) -> Path:
        return self.root / "server/mail/postroom"

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["/usr/bin/git", *arguments],
            cwd=self.server,
            env=os.environ | NAMES,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.strip()

    def commit(self, subject: str) -> str:
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)
        return self.git("rev-parse", "HEAD")

    def run(self, step: dict[str, Any], **variables: str) -> subprocess.CompletedProcess[str]:
        """What a step does, with its expressions' values given."""
        assert set(step.get("env", {})) <= set(variables)
        given = {
            "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.root),
            "TRACES": str(self.root),
            "GIT_CONFIG_SYSTEM": "/dev/null",
            "GITHUB_SERVER_URL": f"file://{self.root}/server",
            "GITHUB_REPOSITORY": "mail/postroom",
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env=given | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def trace(self, name: str) -> str:
        return (self.root / name).read_text()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    made = Runner(tmp_path)
    for folder in (made.server / "build-support", made.workspace, tmp_path / "bin"):
        folder.mkdir(parents=True)
    for name, program in (("git", GIT), ("docker", DOCKER)):
        (tmp_path / "bin" / name).write_text(program)
        (tmp_path / "bin" / name).chmod(0o755)
    script = made.server / "build-support/push_main"
    script.write_bytes(Path("build-support/push_main").read_bytes())
    script.chmod(0o755)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("config", "uploadpack.allowAnySHA1InWant", "true")  # as GitHub has it
    made.git("add", ".")
    made.commit("First")
    return made


def test_the_commit_of_the_run_is_checked_out(runner: Runner) -> None:
    wanted = runner.commit("Second")
    runner.commit("Third")

    done = runner.run(read_step("ci", "test", "Check out"), TOKEN=TOKEN, GITHUB_SHA=wanted)

    assert done.returncode == 0, done.stderr
    assert (runner.workspace / "build-support/push_main").exists()
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=runner.workspace, stdout=subprocess.PIPE, text=True, check=True
    )
    assert head.stdout.strip() == wanted


def test_its_history_and_the_releases_come_along(runner: Runner) -> None:
    """A test runs the release before the newest change of the schema: that one is somewhere in there."""
    runner.git("tag", "v1.0.0")
    wanted = runner.commit("Second")

    done = runner.run(read_step("ci", "test", "Check out"), TOKEN=TOKEN, GITHUB_SHA=wanted)

    assert done.returncode == 0, done.stderr
    told = {
        command: subprocess.run(
            ["git", *command.split()], cwd=runner.workspace, stdout=subprocess.PIPE, text=True, check=True
        ).stdout.split()
        for command in ("rev-parse --is-shallow-repository", "log --format=%s", "tag")
    }
    assert list(told.values()) == [["false"], ["Second", "First"], ["v1.0.0"]]


def test_a_commit_that_is_not_there_ends_the_job(runner: Runner) -> None:
    assert runner.run(read_step("ci", "test", "Check out"), TOKEN=TOKEN, GITHUB_SHA="0" * 40).returncode != 0


@pytest.mark.parametrize(("workflow", "job", "name"), [("ci", "test", "Check out"), ("push-main", "push", "Push")])
def test_the_token_reaches_git_and_nothing_else(runner: Runner, workflow: str, job: str, name: str) -> None:
    runner.git("branch", "staging")
    head = runner.commit("Second")

    done = runner.run(read_step(workflow, job, name), TOKEN=TOKEN, GITHUB_SHA=head, BRANCH="staging")

    assert done.returncode == 0, done.stderr
    # `x-access-token:` and the token, as HTTP has it.
    header = "http.extraheader=AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46YS10b2tlbi10aGF0LW5vYm9keS1zZWVz"
    assert header in runner.trace("headers").splitlines()
    kept = [path.read_bytes() for path in runner.workspace.rglob("*") if path.is_file()]
    said = [text.encode() for text in (done.stdout, done.stderr, runner.trace("arguments"))]
    assert not any(secret in text for text in kept + said for secret in (TOKEN.encode(), header[-20:].encode()))


def test_the_branch_comes_level_with_main(runner: Runner) -> None:
    runner.git("branch", "staging")
    runner.commit("Second")
    head = runner.commit("Third")

    done = runner.run(read_step("push-main", "push", "Push"), TOKEN=TOKEN, BRANCH="staging")

    assert done.returncode == 0, done.stderr
    assert runner.git("rev-parse", "staging") == head


def test_a_branch_that_is_ahead_stays(runner: Runner) -> None:
    runner.git("checkout", "--quiet", "-b", "staging")
    own = runner.commit("A fix that main lacks")

    done = runner.run(read_step("push-main", "push", "Push"), TOKEN=TOKEN, BRANCH="staging")

    assert done.returncode == 65
    assert "A fix that main lacks" in done.stderr
    assert runner.git("rev-parse", "staging") == own


def test_a_name_of_a_branch_is_no_command(runner: Runner) -> None:
    done = runner.run(read_step("push-main", "push", "Push"), TOKEN=TOKEN, BRANCH="$(touch planted); touch planted")

    assert done.returncode == 64
    assert not list(runner.root.rglob("planted"))


@pytest.mark.parametrize("job", ["images", "publish"])
def test_a_registry_is_opened_without_its_password_being_seen(runner: Runner, job: str) -> None:
    done = runner.run(
        read_step("release", job, "Open the registry"),
        DOCKER_CONFIG=str(runner.root / "docker"),
        REGISTRY="registry.example.com:5000/mail/more",
        REGISTRY_USER="ci",
        REGISTRY_PASSWORD=TOKEN,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert runner.trace("arguments") == "login --username ci --password-stdin registry.example.com:5000\n"
    assert runner.trace("stdin") == TOKEN


@pytest.mark.parametrize("job", ["images", "publish"])
def test_a_password_goes_nowhere_when_no_registry_is_named(runner: Runner, job: str) -> None:
    done = runner.run(
        read_step("release", job, "Open the registry"),
        DOCKER_CONFIG=str(runner.root / "docker"),
        REGISTRY="",
        REGISTRY_USER="ci",
        REGISTRY_PASSWORD=TOKEN,
    )

    assert done.returncode != 0
    assert not (runner.root / "stdin").exists()
