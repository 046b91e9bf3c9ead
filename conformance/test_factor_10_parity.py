import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from postroom_config.health import HealthSettings
from postroom_config.listen import ListenSettings
from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence
from postroom_conformance.parity import AUTOMATION, PLACES, find_automatic, find_unequal, read_stated, read_version
from postroom_conformance.pex_file import PEX_FILES
from postroom_conformance.sockets import find_listening
from postroom_images_testing.engine import docker
from postroom_images_testing.image import Image
from postroom_images_testing.stack import SERVICES, Stack
from postroom_testing.server import find_binary

PROGRAMS = {"MariaDB": ("mariadb", "mariadbd", "mariadb-server"), "Redis": ("redis", "redis-server", "redis-server")}
"""Of each server: its container in the stack, its program, Debian's package of it."""


def ask_servers(stack: Stack, server: str) -> dict[str, str]:
    """What the programs themselves say: the one that containers run, and the one that the tests start."""
    container, program, package = PROGRAMS[server]
    in_container = docker("exec", stack.containers[container].id, program, "--version")
    here = subprocess.run(
        [find_binary(program, package=package), "--version"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    return {"container": read_version(in_container), "tests": read_version(here)}


@proves(
    "Each backing service has one version, wherever releases, CI and the examples for AWS name it, in containers and in"
    " the tests' own servers: MariaDB, Redis, and MySQL in MariaDB's stead."
)
@pytest.mark.parametrize("server", PLACES)
def test_a_backing_service_has_one_version(stack: Stack, server: str, evidence: Evidence) -> None:
    stated = read_stated(server)
    running = ask_servers(stack, server) if server in PROGRAMS else {}

    evidence(f"{server}: " + ", ".join(f"{place} {version}" for place, version in (stated | running).items()))
    assert find_unequal(stated | running) == []


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A copy of the files that name MariaDB, or could."""
    for place in PLACES["MariaDB"]:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(place, tmp_path / place)
    for folder in AUTOMATION:
        shutil.copytree(folder, tmp_path / folder)
    return tmp_path


@violates(test_a_backing_service_has_one_version, "deploys that get MariaDB 11.4 while the tests run with 10.11")
def test_another_version_is_found(elsewhere: Path) -> None:
    file = elsewhere / "deploy/release/postroom_release/releasing.py"
    file.write_text(file.read_text().replace("mariadb:10.11", "mariadb:11.4"))

    assert find_unequal(read_stated("MariaDB", elsewhere)) == [
        "deploy/release/postroom_release/releasing.py has 11.4, build-support/on_debian has 10.11"
    ]


@violates(test_a_backing_service_has_one_version, "a workflow whose tests get another MariaDB")
def test_another_version_in_a_workflow_is_found(elsewhere: Path) -> None:
    with (elsewhere / ".github/workflows/ci.yml").open("a") as file:
        file.write("    services: {database: {image: mariadb:11.8.2}}\n")

    assert find_unequal(read_stated("MariaDB", elsewhere)) == [
        ".github/workflows/ci.yml has 11.8, build-support/on_debian has 10.11"
    ]


def read_procfile(text: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+): python -m ([\w.]+)$", text, re.MULTILINE))


def module_of_pex(entry_point: str) -> str:
    with zipfile.ZipFile(PEX_FILES[entry_point]) as archive:
        return str(json.loads(archive.read("PEX-INFO"))["entry_point"])


def module_of_image(image: Image) -> str:
    (entry_point,) = image.config["Entrypoint"]
    assert image.files[entry_point.strip("/")].target == "__main__.py"
    return str(json.loads(image.files["app/PEX-INFO"].content)["entry_point"])


@proves("A service is started by the same module everywhere: the Procfile, its PEX file, its image.")
def test_a_service_is_started_by_one_module(images: dict[str, Image], evidence: Evidence) -> None:
    procfile = read_procfile(Path("Procfile").read_text())

    assert set(procfile) == set(SERVICES)
    for service in SERVICES:
        stated = {"Procfile": procfile[service], "PEX file": module_of_pex(service)}
        stated["image"] = module_of_image(images[service])
        evidence(f"{service}: {', '.join(f'{place} {module}' for place, module in stated.items())}")
        assert find_unequal(stated) == []


@violates(test_a_service_is_started_by_one_module, "a Procfile that starts the api by another module than its image")
def test_another_module_is_found() -> None:
    procfile = read_procfile(Path("Procfile").read_text().replace("postroom_api.main", "postroom_api.development"))

    assert find_unequal({"PEX file": module_of_pex("api"), "Procfile": procfile["api"]}) == [
        "Procfile has postroom_api.development, PEX file has postroom_api.main"
    ]


def read_compose() -> dict[str, Any]:
    compose: dict[str, Any] = yaml.safe_load(Path("deploy/compose/compose.yaml").read_text())
    return compose


def compose_ports(compose: dict[str, Any]) -> dict[str, str]:
    environment = compose["services"]["api"]["environment"]
    return {
        service: str(environment["POSTROOM_PORT" if service == "api" else "POSTROOM_HEALTH_PORT"])
        for service in SERVICES
    }


def default_ports() -> dict[str, str]:
    health = HealthSettings.model_fields["port"].default
    return {"api": str(ListenSettings.model_fields["port"].default), "worker": str(health), "scheduler": str(health)}


@proves("A service answers on one port everywhere: by default, in Compose, and as a container that was told of none.")
def test_a_service_answers_on_one_port(stack: Stack, evidence: Evidence) -> None:
    for service in SERVICES:
        (listens,) = find_listening(stack.containers[service])
        stated = {"default": default_ports()[service], "Compose": compose_ports(read_compose())[service]}
        stated["running"] = str(listens)
        evidence(f"{service}: {', '.join(f'{place} {port}' for place, port in stated.items())}")
        assert find_unequal(stated) == []


@violates(test_a_service_answers_on_one_port, "a compose.yaml that gives the api another port")
def test_another_port_is_found() -> None:
    compose = read_compose()
    compose["services"]["api"]["environment"]["POSTROOM_PORT"] = 80

    assert find_unequal({"default": default_ports()["api"], "Compose": compose_ports(compose)["api"]}) == [
        "Compose has 80, default has 8000"
    ]


def read_push() -> dict[Any, Any]:
    workflow: dict[Any, Any] = yaml.safe_load(Path(".github/workflows/push-main.yml").read_text())
    return workflow


@proves("A branch is brought level with main by a workflow that somebody starts by hand, and by nothing else.")
def test_branches_follow_main_by_hand(evidence: Evidence) -> None:
    (job,) = read_push()["jobs"].values()
    commands = "\n".join(step["run"] for step in job["steps"])

    evidence(f"push-main.yml is started by {', '.join(read_push()[True])} and runs build-support/push_main")
    assert 'build-support/push_main "$BRANCH"' in commands
    assert find_automatic(read_push()) == []


@violates(test_branches_follow_main_by_hand, "the same workflow, started by each push to main")
def test_a_push_that_starts_it_is_found() -> None:
    workflow = read_push()
    workflow[True]["push"] = {"branches": ["main"]}

    assert find_automatic(workflow) == ["started by push"]
