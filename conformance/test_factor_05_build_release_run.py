import json
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from postroom_conformance.answers import get
from postroom_conformance.claims import proves, violates
from postroom_conformance.compose_file import find_building
from postroom_conformance.fixtures import Evidence
from postroom_images_testing.container import LOCKED, Container
from postroom_images_testing.engine import docker, inspect
from postroom_images_testing.image import Image
from postroom_images_testing.stack import SERVICES, Stack
from postroom_images_testing.start import find_strange_variables
from postroom_release.build import Build
from postroom_release.config import Config
from postroom_release.folder import DeployFolder
from postroom_release.record import Records
from postroom_release.secrets import make_secrets
from postroom_release_testing.told import Listener
from postroom_testing.server import wait_until

COMPOSE = Path("deploy/compose/compose.yaml")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EX_DATAERR = 65


@pytest.fixture
def deploys(stack: Stack, names: dict[str, str]) -> Iterator[list[tuple[Container, int]]]:
    """Two, of one image: what differs stands in their environments."""
    with ExitStack() as running:
        started = []
        for release, port in (("blue", 8100), ("green", 8200)):
            variables = stack.variables | {"POSTROOM_RELEASE": release, "POSTROOM_PORT": str(port)}
            container = Container(names["api"], variables=variables, options=LOCKED, network=stack.network)
            started.append((running.enter_context(container), port))
        yield started


def ask_release(container: Container, port: int) -> str:
    wait_until(lambda: container.ask(port, "/livez") == 200, seconds=60, what="the api")
    release: str = get(container, port, "/version").json()["release"]
    return release


@proves("An image holds no config: one build runs as two deploys, which differ in their environment alone.")
def test_one_build_runs_under_two_configs(
    deploys: list[tuple[Container, int]], images: dict[str, Image], base: Image, build: Any, evidence: Evidence
) -> None:
    answers = {ask_release(container, port): inspect("container", container.id)["Image"] for container, port in deploys}

    for release, image in answers.items():
        evidence(f"{release} answers on a port of its own, from image {image}")
    assert list(answers) == ["blue", "green"]
    assert len(set(answers.values())) == 1
    for image in images.values():
        assert find_strange_variables(image.config, base.config, revision=build.revision) == []


@pytest.fixture
def baked(names: dict[str, str]) -> Iterator[str]:
    """The scheduler's image with the database of one deploy in it."""
    name = f"postroom-baked:{uuid.uuid4().hex}"
    recipe = f"FROM {names['scheduler']}\nENV POSTROOM_DATABASE_URL=mysql+pymysql://db.example.com/postroom\n"
    docker("build", "--quiet", "--tag", name, "-", stdin=recipe.encode())
    yield name
    docker("image", "rm", "--force", name)


@violates(test_one_build_runs_under_two_configs, "an image with the database of one deploy in it")
def test_config_in_an_image_is_found(baked: str, base: Image, build: Any) -> None:
    config = inspect("image", baked)["Config"]

    assert find_strange_variables(config, base.config, revision=build.revision) == [
        "variable POSTROOM_DATABASE_URL is not the base's"
    ]


class Releases:
    """A deploy with two releases of the images that were built, and the launcher; `docker` is one that only listens."""

    def __init__(self, folder: DeployFolder, listener: Listener, build: Build) -> None:
        self.folder = folder
        self.listener = listener
        self.records = Records(folder.releases)
        self.build = build
        self.config = Config(
            {"API_PUBLISH": "127.0.0.1:8000", "WORKER_REPLICAS": "1", "POSTROOM_MAIL_URL": "inbox:"}, ()
        )
        self.add(self.build, self.config)
        newer = replace(self.build, version="0.2.0", images=dict.fromkeys(SERVICES, f"sha256:{'f' * 64}"))
        self.add(newer, replace(self.config, values=self.config.values | {"WORKER_REPLICAS": "3"}))

    def add(self, build: Build, config: Config) -> int:
        return self.records.add(build, config, images={}, compose=COMPOSE.read_text(), now=NOW).release

    def file(self, number: int) -> Path:
        return self.folder.releases / f"{number:06}.json"

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        self.listener.forget()
        return subprocess.run(
            ["deploy/release/release", *arguments],
            env=self.listener.environment | {"DEPLOY": str(self.folder.path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def brought_up(self) -> dict[str, str]:
        """With which image Compose was told to run each service."""
        told = [one for one in self.listener.composed() if one.words.startswith("up ")]
        return {
            service: one.environment[f"{service.upper()}_IMAGE"]
            for one in told
            for service in SERVICES
            if one.words.endswith(f" {service}")
        }


@pytest.fixture
def releases(tmp_path: Path, names: dict[str, str]) -> Releases:
    folder = DeployFolder(tmp_path / "shop")
    folder.releases.mkdir(parents=True)
    folder.certificates.mkdir()
    make_secrets(folder.secrets)
    folder.config.touch()
    programs = tmp_path / "programs"
    programs.mkdir()
    built = {service: inspect("image", names[service])["Id"] for service in SERVICES}
    return Releases(folder, Listener(programs), Build("0.1.0", "0" * 40, modified=False, images=built))


@proves(
    "A release is a record that is only ever added: images by id, a copy of the config, its fingerprint, a number that"
    " no other gets."
)
def test_a_release_is_written_once(releases: Releases, evidence: Evidence) -> None:
    first = releases.file(1).read_bytes()
    third = releases.add(releases.build, releases.config)
    told = {number: json.loads(releases.file(number).read_bytes()) for number in (1, 2, third)}

    for number, record in told.items():
        evidence(f"release {number}: api {record['images']['api'][:19]}, config {record['config_fingerprint'][:19]}")
    assert releases.records.numbers() == [1, 2, 3]
    assert releases.file(1).read_bytes() == first
    assert told[1]["config"] == releases.config.values
    assert told[1]["images"] == releases.build.images
    assert told[1]["config_fingerprint"] == told[third]["config_fingerprint"] != told[2]["config_fingerprint"]


@violates(test_a_release_is_written_once, "a record in which somebody changed the number of workers")
@pytest.mark.parametrize("command", ["up", "rollback"])
def test_a_record_that_was_altered_is_refused(releases: Releases, command: str) -> None:
    releases.run("up")
    altered = releases.file(1).read_text().replace('"WORKER_REPLICAS": "1"', '"WORKER_REPLICAS": "9"')
    releases.file(1).write_text(altered)

    refused = releases.run(command, "1")

    assert (refused.returncode, releases.brought_up()) == (EX_DATAERR, {})
    assert "the record was altered since it was written, and is not run" in refused.stderr


@violates(test_a_release_is_written_once, "a record of somebody else under the next number")
def test_a_number_is_never_given_twice(releases: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    releases.file(3).write_text("theirs")
    monkeypatch.setattr(releases.records, "numbers", lambda: [1, 2])  # as before they wrote it

    assert releases.add(releases.build, releases.config) == 4
    assert releases.file(3).read_text() == "theirs"


def find_other_release(releases: Releases, number: int) -> list[str]:
    """What Compose was told to run that is not as the record of that number says."""
    record = releases.records.read(number)
    told = [one for one in releases.listener.composed() if one.words.startswith("up ")]
    findings = [
        f"{service} was brought up from {image}"
        for service, image in releases.brought_up().items()
        if image != record.images[service]
    ]
    replicas = {one.environment["WORKER_REPLICAS"] for one in told} - {record.config.worker_replicas}
    return findings + [f"{one} workers were asked for" for one in sorted(replicas)]


@proves("A rollback builds nothing: Compose is told to run the old record's images, by id, with its config.")
def test_a_rollback_runs_an_old_release(releases: Releases, evidence: Evidence) -> None:
    assert releases.run("up").returncode == 0
    newer = releases.brought_up()
    back = releases.run("rollback", "1")

    assert (back.returncode, set(releases.brought_up())) == (0, set(SERVICES)), back.stderr
    evidence(f"`up` ran api {newer['api'][:19]}, `rollback 1` ran api {releases.brought_up()['api'][:19]}")
    assert find_other_release(releases, 1) == []
    assert [words for words in releases.listener.commands() if {"build", "--build", "pull"} & set(words)] == []


@violates(test_a_rollback_runs_an_old_release, "the newest release where an older one was asked for")
def test_another_release_is_found(releases: Releases) -> None:
    assert releases.run("up").returncode == 0

    assert find_other_release(releases, 1) == [
        *(f"{service} was brought up from sha256:{'f' * 64}" for service in ("worker", "scheduler", "api")),
        "3 workers were asked for",
    ]


def read_compose() -> dict[str, Any]:
    compose: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return compose


@pytest.fixture(scope="module")
def recorded(names: dict[str, str]) -> dict[str, str]:
    """Images as a record has them."""
    return {service: inspect("image", names[service])["Id"] for service in SERVICES} | {
        service: inspect("image", names[server])["Id"]
        for service, server in (("database", "mariadb"), ("redis", "redis"))
    }


@proves("A run builds nothing and pulls nothing: each image that Compose runs is the release's, by id or digest.")
def test_the_run_stage_builds_nothing(recorded: dict[str, str], evidence: Evidence) -> None:
    services = read_compose()["services"]

    evidence(f"{len(services)} services in compose.yaml, each by an image of {', '.join(recorded)}")
    assert set(SERVICES) < set(services)
    assert find_building(read_compose(), recorded) == []


@violates(test_the_run_stage_builds_nothing, "an image by a tag, a `build:`, and a service that is pulled")
@pytest.mark.parametrize(
    ("planted", "finding"),
    [
        ({"image": "mariadb:10.11"}, "database: image mariadb:10.11 can change"),
        ({"build": "."}, "database: is built when it is run"),
        ({"pull_policy": "always"}, "database: may be pulled when it is run"),
    ],
    ids=["tag", "build", "pull"],
)
def test_a_run_that_could_build_is_found(recorded: dict[str, str], planted: dict[str, str], finding: str) -> None:
    compose = read_compose()
    compose["services"]["database"] |= planted

    assert find_building(compose, recorded) == [finding]
