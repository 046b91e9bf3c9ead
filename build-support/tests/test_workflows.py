"""What GitHub runs, and that what it calls is there. Style and safety in general are `make lint`'s."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

Workflow = dict[str, Any]
FOLDER = Path(".github/workflows")
WORKFLOWS: dict[str, Workflow] = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.iterdir())}
JOBS = [(name, job) for name, workflow in WORKFLOWS.items() for job in workflow["jobs"]]
each_workflow = pytest.mark.parametrize("name", WORKFLOWS)
each_job = pytest.mark.parametrize(("name", "job"), JOBS)

_IMAGE = re.compile(r"[\w./:-]+@sha256:[0-9a-f]{64}")
_SCRIPT = re.compile(r"(?<![\w./$-])((?:\.ci|build-support|deploy)/[\w./-]+)")
_TARGET = re.compile(r"(?<![\w./-])make ([a-z-]+)")
_ADDRESS = re.compile(r"[a-z]+://")


def steps_of(workflow: Workflow) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job.get("steps", [])


def commands_of(workflow: Workflow) -> str:
    """What its steps run, without comments."""
    lines = "\n".join(step.get("run", "") for step in steps_of(workflow)).splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def find_missing(commands: str) -> list[str]:
    """Scripts that are not there or cannot be run, and targets that the Makefile does not have."""
    targets = re.findall(r"^([a-z-]+):", Path("Makefile").read_text(), re.MULTILINE)
    scripts = [path for path in _SCRIPT.findall(commands) if "." not in path.rpartition("/")[2]]
    read = [path for path in _SCRIPT.findall(commands) if path not in scripts]
    return [
        *(path for path in scripts if not os.access(path, os.X_OK)),
        *(path for path in read if not Path(path).is_file()),
        *(f"make {target}" for target in _TARGET.findall(commands) if target not in targets),
    ]


def test_these_are_the_workflows() -> None:
    assert list(WORKFLOWS) == ["ci", "onboarding", "push-main", "release"]


@each_job
def test_a_job_that_hangs_is_ended(name: str, job: str) -> None:
    assert 0 < WORKFLOWS[name]["jobs"][job]["timeout-minutes"] <= 120


@each_workflow
def test_runs_of_one_workflow_know_of_each_other(name: str) -> None:
    assert set(WORKFLOWS[name]["concurrency"]) == {"group", "cancel-in-progress"}


def test_only_a_pull_requests_run_is_given_up_for_a_newer_one() -> None:
    given_up = {name: workflow["concurrency"]["cancel-in-progress"] for name, workflow in WORKFLOWS.items()}

    assert given_up == {
        "ci": "${{ github.event_name == 'pull_request' }}",
        "onboarding": False,
        "push-main": False,
        "release": False,
    }


@each_workflow
def test_what_it_calls_is_there(name: str) -> None:
    commands = commands_of(WORKFLOWS[name])

    assert _SCRIPT.search(commands)
    assert find_missing(commands) == []


@each_workflow
def test_no_expression_is_put_into_a_command(name: str) -> None:
    assert "${{" not in commands_of(WORKFLOWS[name])


@each_workflow
def test_it_names_no_address(name: str) -> None:
    assert _ADDRESS.findall((FOLDER / f"{name}.yml").read_text()) == []


def test_every_checkout_is_made_in_the_same_way() -> None:
    steps = [step for workflow in WORKFLOWS.values() for step in steps_of(workflow) if step["name"] == "Check out"]

    assert len(steps) == len(JOBS) - 1  # push-main's has all of main's history
    assert all(step == steps[0] for step in steps)


def test_ci_runs_all_that_a_change_must_hold() -> None:
    whole = Path(".ci/run").read_text()
    parts = commands_of(WORKFLOWS["ci"])

    # A step that comes to one must come to the other.
    assert re.findall(r"^(\S+) \|\| status=1$", whole, re.MULTILINE) == [
        "build-support/lint",
        "build-support/check",
        ".ci/package",
        "build-support/test",
    ]
    assert re.findall(r"^\.ci/in_debian (.+)$", parts, re.MULTILINE) == ["make lint", "make check", ".ci/package"]
    assert '.ci/test_on "$DATABASE"' in parts


def test_ci_tests_on_both_databases() -> None:
    databases = WORKFLOWS["ci"]["jobs"]["test"]["strategy"]["matrix"]["database"]

    assert databases == ["mariadb", "mysql"]
    assert re.findall(r"^([a-z]+)\)$", Path(".ci/test_on").read_text(), re.MULTILINE) == databases


def test_onboarding_runs_the_readmes_two_commands_every_week() -> None:
    workflow = WORKFLOWS["onboarding"]

    assert "make run" in Path(".ci/first_mail").read_text()
    assert re.findall(r"^\.ci/in_debian (.+)$", commands_of(workflow), re.MULTILINE) == [".ci/first_mail", "make test"]
    # YAML reads `on` as a truth.
    (when,) = workflow[True]["schedule"]  # type: ignore[index]
    minute, hour, *days, weekday = when["cron"].split()
    assert (minute.isdigit(), hour.isdigit(), days, weekday.isdigit()) == (True, True, ["*", "*"], True)


def test_a_release_is_built_in_one_job_and_signed_in_another() -> None:
    jobs = WORKFLOWS["release"]["jobs"]
    commands = {name: commands_of({"jobs": {name: job}}) for name, job in jobs.items()}

    assert commands["images"].count(".ci/run") == 1
    assert jobs["publish"]["needs"] == "images"
    assert not re.search(r"\.ci/(run|package)|make package", commands["publish"])
    assert {name for name, job in jobs.items() if "id-token" in job["permissions"]} == {"publish"}
    assert "sigstore sign" in commands["publish"]


@pytest.mark.parametrize(
    ("file", "line"), [(".ci/with_mysql", r"^image=(.+)$"), ("deploy/images/Dockerfile", r"^ARG BASE_IMAGE=(.+)$")]
)
def test_an_image_that_ci_runs_is_named_by_its_digest(file: str, line: str) -> None:
    (image,) = re.findall(line, Path(file).read_text(), re.MULTILINE)

    assert _IMAGE.fullmatch(image)


@pytest.mark.parametrize(
    ("commands", "missing"),
    [
        ("make lint", []),
        ("make lnit", ["make lnit"]),
        (".ci/in_debian make no-such", ["make no-such"]),
        ('.ci/in_debain "$A"', [".ci/in_debain"]),
        ("build-support/lint && python3 build-support/lnit.py", ["build-support/lnit.py"]),
        ("python3 build-support/release_notes.py x", []),
    ],
)
def test_what_is_not_there_is_found(commands: str, missing: list[str]) -> None:
    assert find_missing(commands) == missing
