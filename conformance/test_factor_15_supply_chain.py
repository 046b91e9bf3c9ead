import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from sbom import write_sbom

from postroom_conformance.claims import proves, violates
from postroom_conformance.dependencies import read_installed, read_pins
from postroom_conformance.fixtures import Evidence
from postroom_conformance.supply_chain import (
    Held,
    find_permissions,
    find_unhashed,
    find_unlisted,
    find_unpinned,
    read_sbom,
)
from postroom_images_testing.engine import docker, inspect
from postroom_images_testing.image import Image
from postroom_images_testing.stack import SERVICES

LOCKS = Path("3rdparty/python")
WORKFLOWS = Path(".github/workflows")
# All that the workflows' tokens may do. More is to be written here, too, with its reason beside it in the workflow.
PERMISSIONS = {
    "ci": {"style": {"contents": "read"}, "package": {"contents": "read"}, "test": {"contents": "read"}},
    "onboarding": {"run": {"contents": "read"}, "test": {"contents": "read"}},
    "push-main": {"push": {"contents": "write"}},
    "release": {
        "images": {"contents": "read", "packages": "write"},
        "publish": {"contents": "write", "id-token": "write", "packages": "read"},
    },
}


@pytest.fixture(scope="module")
def sboms(names: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """As `make package` writes them, of each image."""
    folder = tmp_path_factory.mktemp("sbom")

    def describe(service: str) -> dict[str, Any]:
        file = folder / f"{service}.spdx.json"
        write_sbom(f"docker:{inspect('image', names[service])['Id']}", file)
        told: dict[str, Any] = json.loads(file.read_text())
        return told

    with ThreadPoolExecutor() as together:
        return dict(zip(SERVICES, together.map(describe, SERVICES), strict=True))


def read_held(name: str, image: Image) -> Held:
    """What an image holds: our libraries by their folders, the base's packages as its own dpkg tells them."""
    told = docker(
        *("run", "--rm", "--network=none", "--user=0", "--entrypoint=/usr/bin/dpkg-query", name),
        *("--show", "--showformat=${Package} ${Version}\\n"),
    )
    return {"pypi": read_installed(image.files), "deb": dict(line.split() for line in told.splitlines())}


@proves("The SBOM of an image lists all that the image holds, at its version: our libraries, and the base's packages.")
def test_an_sbom_lists_what_its_image_holds(
    names: dict[str, str], images: dict[str, Image], sboms: dict[str, dict[str, Any]], evidence: Evidence
) -> None:
    for service, image in images.items():
        held = read_held(names[service], image)
        evidence(
            f"{service}: holds {len(held['pypi'])} libraries and {len(held['deb'])} packages of Debian, all listed"
        )
        assert len(held["pypi"]) > 20
        assert len(held["deb"]) > 50
        assert find_unlisted(held, read_sbom(sboms[service])) == []


@violates(test_an_sbom_lists_what_its_image_holds, "an SBOM without cryptography, and with another release of OpenSSL")
def test_a_package_that_is_not_listed_is_found(
    names: dict[str, str], images: dict[str, Image], sboms: dict[str, dict[str, Any]]
) -> None:
    held = read_held(names["scheduler"], images["scheduler"])
    kept = [one for one in sboms["scheduler"]["packages"] if one["name"] != "cryptography"]
    planted = [one | {"versionInfo": "0.1"} if one["name"] == "libssl3" else one for one in kept]

    found = find_unlisted(held, read_sbom({"packages": planted}))
    assert found == [
        f"cryptography {held['pypi']['cryptography']} is listed as None",
        f"libssl3 {held['deb']['libssl3']} is listed as 0.1",
    ]


@proves("Each requirement of each lock, of what ships and of what builds it, names a version and hashes of its files.")
def test_every_requirement_has_a_hash(evidence: Evidence) -> None:
    locks = sorted(LOCKS.glob("*.lock"))

    for lock in locks:
        text = lock.read_text()
        evidence(f"{lock.name}: {len(read_pins(text))} requirements, {text.count('--hash=')} hashes")
        assert find_unhashed(text) == []
    assert len(locks) > 5


@violates(test_every_requirement_has_a_hash, "a requirement without a hash, and one without a version")
def test_a_requirement_without_a_hash_is_found() -> None:
    lock = (LOCKS / "default.lock").read_text()
    loose = f"unpinned>=1.0 \\\n    --hash=sha256:{'a' * 64}\n"

    planted = f"bare==1.0\n{lock}{loose}trailing==1.0 ; python_version >= '3.11'\n"
    assert find_unhashed(planted) == ["bare", "unpinned", "trailing"]


def read_workflows() -> dict[str, dict[str, Any]]:
    return {file.stem: yaml.safe_load(file.read_text()) for file in sorted(WORKFLOWS.iterdir())}


@proves("Workflows run nothing of others that could change: actions are named by commit, images by digest.")
def test_workflows_run_nothing_that_could_change(evidence: Evidence) -> None:
    for name, workflow in read_workflows().items():
        steps = sum(len(job["steps"]) for job in workflow["jobs"].values())
        evidence(f"{name}: {len(workflow['jobs'])} jobs, {steps} steps, all looked at")
        assert find_unpinned(workflow) == []


@violates(test_workflows_run_nothing_that_could_change, "an action by a tag or a branch, an image by a tag")
@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ({"steps": [{"uses": "actions/checkout@v4"}]}, ["actions/checkout@v4"]),
        ({"steps": [{"uses": f"actions/checkout@{'a' * 39}"}]}, [f"actions/checkout@{'a' * 39}"]),
        ({"steps": [{"uses": f"actions/checkout@{'a' * 40}"}]}, []),
        ({"uses": "o/r/.github/workflows/w.yml@main"}, ["o/r/.github/workflows/w.yml@main"]),
        ({"container": "debian:12"}, ["debian:12"]),
        ({"container": {"image": f"debian:12@sha256:{'a' * 64}"}}, []),
        ({"services": {"db": {"image": "mysql:8.4"}}}, ["mysql:8.4"]),
    ],
)
def test_what_could_change_is_found(planted: dict[str, Any], found: list[str]) -> None:
    workflow = read_workflows()["ci"]
    workflow["jobs"]["planted"] = planted

    assert find_unpinned(workflow) == found


@proves("A workflow's token may do what its job must, and nothing else.")
def test_a_token_may_do_no_more_than_it_must(evidence: Evidence) -> None:
    workflows = read_workflows()

    assert list(workflows) == list(PERMISSIONS)
    for name, workflow in workflows.items():
        evidence(f"{name}: {json.dumps({job: one['permissions'] for job, one in workflow['jobs'].items()})}")
        assert find_permissions(workflow, PERMISSIONS[name]) == []
        assert set(workflow["jobs"]) == set(PERMISSIONS[name])


@violates(test_a_token_may_do_no_more_than_it_must, "a job that may write, one that may do everything, and a default")
@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ({"contents": "write"}, ["style may write contents"]),
        ({"contents": "read", "packages": "read"}, ["style may read packages"]),
        ("write-all", ["style may write-all all"]),
    ],
    ids=["more", "another", "all"],
)
def test_a_permission_too_many_is_found(planted: object, found: list[str]) -> None:
    workflow = read_workflows()["ci"]
    workflow["jobs"]["style"]["permissions"] = planted

    assert find_permissions(workflow, PERMISSIONS["ci"]) == found
    del workflow["permissions"]
    assert len(find_permissions(workflow, PERMISSIONS["ci"])) == len(found) + 1
