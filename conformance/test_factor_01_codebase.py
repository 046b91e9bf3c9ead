import os
import shutil
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from postroom_conformance.alone import Run
from postroom_conformance.answers import get
from postroom_conformance.claims import proves, violates
from postroom_conformance.codebase import find_named_environments, find_other_commits, words_of
from postroom_conformance.fixtures import Evidence
from postroom_conformance.pex_file import PEX_FILES, read_pex
from postroom_images_testing.closures import find_foreign_code
from postroom_images_testing.contents import PACKAGES
from postroom_images_testing.engine import docker, inspect
from postroom_images_testing.image import Files, Image
from postroom_images_testing.one_off import run
from postroom_images_testing.stack import PORTS, SERVICES, Stack

REVISION = "org.opencontainers.image.revision"
ENTRY_POINTS = [*((service, "/app/pex") for service in SERVICES), ("worker", "/app/admin")]
READ_NAMES = "import build_names; print(build_names.read_names().tag)"


def ask_image(name: str, entry_point: str) -> str:
    code, stdout, stderr = run(name, "--version", entry_point=entry_point)
    assert (code, stderr) == (0, "")
    return stdout.strip()


def label_of(image: str) -> str | None:
    label: str | None = inspect("image", image)["Config"]["Labels"].get(REVISION)
    return label


def ask_version(stack: Stack, service: str) -> str:
    commit: str = get(stack.containers[service], PORTS[service], "/version").json()["commit"]
    return commit


@proves(
    "Each artifact names the commit that it was built from: PEX files, the images and the admin within the worker's by"
    " `--version`, running services by `/version`, images by their label as well."
)
def test_every_artifact_names_its_commit(
    stack: Stack, names: dict[str, str], runs: dict[str, Run], evidence: Evidence
) -> None:
    told: dict[str, str | None] = {f"{entry_point}.pex --version": one.version for entry_point, one in runs.items()}
    for service, entry_point in ENTRY_POINTS:
        told[f"image {service}, {entry_point} --version"] = ask_image(names[service], entry_point)
    for service in SERVICES:
        told[f"image {service}, label"] = label_of(names[service])
        told[f"running {service}, /version"] = ask_version(stack, service)

    for who, said in told.items():
        evidence(f"{who}: {said}")
    assert len(told) == 14
    assert find_other_commits(told, os.environ["GIT_COMMIT"]) == []


@pytest.fixture
def mislabelled(names: dict[str, str]) -> Iterator[str]:
    """The scheduler's image, with what another build says of itself."""
    name = f"postroom-mislabelled:{uuid.uuid4().hex}"
    other = "0" * 40
    recipe = f"FROM {names['scheduler']}\nLABEL {REVISION}={other}\nENV POSTROOM_COMMIT={other}\n"
    docker("build", "--quiet", "--tag", name, "-", stdin=recipe.encode())
    yield name
    docker("image", "rm", "--force", name)


@violates(test_every_artifact_names_its_commit, "an image that carries another build's commit")
def test_an_image_of_another_commit_is_found(mislabelled: str) -> None:
    told = {"label": label_of(mislabelled), "--version": ask_image(mislabelled, "/app/pex")}

    assert len(find_other_commits(told, os.environ["GIT_COMMIT"])) == 2


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository of its own, with the program that says what a build is called."""
    version = tmp_path / "libs/config/postroom_config/version.py"
    version.parent.mkdir(parents=True)
    version.write_text('VERSION = "0.1.0"\n')
    (tmp_path / "build-support").mkdir()
    for name in ("build_names.py", "build_manifest.py"):
        (tmp_path / "build-support" / name).write_bytes(Path("build-support", name).read_bytes())
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=one", "-c", "user.email=one@example.com", "commit", "--quiet", "--message=first")
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", folder, *arguments], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()


def called(checkout: Path) -> str:
    """What a build of this checkout is told to call itself."""
    return subprocess.run(
        [sys.executable, "-B", "-c", READ_NAMES],
        cwd=checkout / "build-support",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.strip()


@proves("A build is called by the commit that is checked out.")
def test_a_build_is_called_by_its_commit(checkout: Path, evidence: Evidence) -> None:
    head = git(checkout, "rev-parse", "HEAD")

    evidence(f"HEAD is {head}, the build is called {called(checkout)}")
    assert find_other_commits({"build": called(checkout)}, head) == []


@violates(test_a_build_is_called_by_its_commit, "a file that differs from the commit's")
def test_a_modified_tree_is_not_called_by_the_commit_alone(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    (checkout / "planted").touch()

    assert called(checkout) == f"{head}-modified"
    assert find_other_commits({"build": called(checkout)}, head) == [f"build says '{head}-modified'"]


@pytest.fixture(scope="module")
def code() -> dict[str, Files]:
    """What each PEX file holds."""
    return {entry_point: read_pex(file) for entry_point, file in PEX_FILES.items()}


def modules_of(files: Files) -> set[str]:
    return {path.removeprefix(PACKAGES) for path in files if path.startswith(f"{PACKAGES}postroom_")}


def list_files(repository: Path) -> list[str]:
    return git(repository, "ls-files").splitlines()


@proves("Every deploy is of one codebase: no file of the repository is of one environment, such as staging.")
def test_no_file_is_of_one_environment(evidence: Evidence) -> None:
    files = list_files(Path(os.environ["POSTROOM_CHECKOUT"]))

    evidence(f"{len(files)} files, of which {len(find_named_environments(files))} name an environment")
    assert "pants.toml" in files
    assert find_named_environments(files) == []


@violates(test_no_file_is_of_one_environment, "a settings_production.py, and values of the chart for staging")
def test_a_file_of_one_environment_is_found(checkout: Path) -> None:
    planted = ["deploy/helm/values-staging.yaml", "services/api/postroom_api/settings_production.py"]
    for name in planted:
        (checkout / name).parent.mkdir(parents=True)
        (checkout / name).touch()
    git(checkout, "add", ".")

    assert find_named_environments(list_files(checkout)) == planted


def read_workflows() -> dict[str, Any]:
    return {file.name: yaml.safe_load(file.read_text()) for file in sorted(Path(".github/workflows").iterdir())}


@proves("No workflow knows a branch, or anything else, of one environment, such as staging or production.")
def test_workflows_know_no_branch_of_an_environment(evidence: Evidence) -> None:
    workflows = read_workflows()

    evidence(f"read {', '.join(workflows)}")
    assert "release.yml" in workflows
    assert [found for one in workflows.values() for found in find_named_environments(words_of(one))] == []


@violates(test_workflows_know_no_branch_of_an_environment, "a release that a push to the branch `staging` starts")
def test_a_workflow_that_deploys_a_branch_is_found() -> None:
    workflow = read_workflows()["release.yml"]
    # YAML reads `on` as a truth.
    workflow[True]["push"] = {"branches": ["staging"]}

    assert find_named_environments(words_of(workflow)) == ["staging"]


@proves("Services share libraries and never each other's code: each PEX file and image holds its own closure.")
def test_services_never_hold_each_other(code: dict[str, Files], images: dict[str, Image], evidence: Evidence) -> None:
    artifacts = {f"{name}.pex": (owner_of(name), files) for name, files in code.items()}
    artifacts |= {f"image {service}": (service, image.files) for service, image in images.items()}

    for name, (service, files) in artifacts.items():
        ours = sorted({path.partition("/")[0] for path in modules_of(files)})
        evidence(f"{name}: {', '.join(one.removeprefix('postroom_') for one in ours)}")
        assert find_foreign_code(files, service) == []
    # Two entry points of one closure.
    assert code["admin"].keys() == code["worker"].keys()


def owner_of(entry_point: str) -> str:
    """Whose closure it is: the admin is a second entry point of the worker."""
    return "worker" if entry_point == "admin" else entry_point


@pytest.fixture
def spoilt(tmp_path: Path) -> Files:
    """The worker's PEX file, with a module of the api."""
    copy = tmp_path / "worker.pex"
    shutil.copy(PEX_FILES["worker"], copy)
    with zipfile.ZipFile(copy, "a") as archive:
        archive.writestr("postroom_api/app.py", "import litestar\n")
    return read_pex(copy)


@violates(test_services_never_hold_each_other, "a worker's PEX file that holds a module of postroom_api")
def test_a_worker_that_holds_the_api_is_found(spoilt: Files) -> None:
    assert find_foreign_code(spoilt, "worker") == ["postroom_api is foreign"]
