"""Images pushed to a real registry, with a real engine."""

import json
import os
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import build_manifest
import publish_images
import pytest

SCRIPT = Path(publish_images.__file__)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
START_SECONDS = 30


@dataclass(frozen=True)
class Registry:
    address: str

    @property
    def prefix(self) -> str:
        return f"{self.address}/mail"

    def manifest(self, reference: str) -> bytes:
        """What the registry says that a tag or a digest of an image is."""
        name, _, digest = reference.removeprefix(f"{self.address}/").partition("@")
        request = urllib.request.Request(
            f"http://{self.address}/v2/{name}/manifests/{digest}",
            headers={"accept": "application/vnd.docker.distribution.manifest.v2+json"},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - to loopback
            assert answer.headers["docker-content-digest"] == digest
            content: bytes = answer.read()
        return content


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": address},
    }
    (folder / "config.yml").write_text(json.dumps(config))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", folder / "config.yml"], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(address):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "docker-registry does not answer"
            time.sleep(0.05)
        yield Registry(address)
    finally:
        process.kill()
        process.wait()


def answers(address: str) -> bool:
    host, _, port = address.partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


@pytest.fixture(scope="module")
def images(registry: Registry) -> Iterator[dict[str, str]]:
    """Small images, by id; what the registry's names were given to is gone at the end."""
    made = {service: make_image(service) for service in ("api", "worker", "scheduler")}
    yield made
    listed = [
        docker("image", "inspect", image, "--format", "{{json .RepoTags}} {{json .RepoDigests}}")
        for image in made.values()
    ]
    names = {name for line in listed for part in line.replace("] [", "]\n[").splitlines() for name in json.loads(part)}
    docker("image", "rm", "--force", *(name for name in names if name.startswith(registry.address)), *made.values())


def make_image(service: str) -> str:
    # A container without a file to run can be made all the same; `import` takes what stdin holds as its files.
    archive = subprocess.run(["tar", "-c", "-T", "/dev/null"], stdout=subprocess.PIPE, check=True).stdout
    return docker("import", "--change", f"LABEL of={service}-{uuid.uuid4()}", "-", stdin=archive)


def docker(*arguments: str, stdin: bytes = b"") -> str:
    return (
        subprocess.run(["docker", *arguments], input=stdin, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    )


@pytest.fixture
def folder(tmp_path: Path, images: dict[str, str]) -> Path:
    write(tmp_path, images)
    return tmp_path


def write(folder: Path, images: dict[str, str], **more: object) -> None:
    built = {"version": "0.1.0", "commit": COMMIT, "modified": False, "base": "python:3.11"} | more
    built["images"] = {service: {"reference": image} for service, image in images.items()}
    (folder / "dist").mkdir(exist_ok=True)
    (folder / "dist/build.json").write_text(json.dumps(built))


def publish(folder: Path, registry: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT],
        cwd=folder,
        env=os.environ | {"REGISTRY": registry},
        capture_output=True,
        text=True,
        check=False,
    )


def read_published(folder: Path) -> dict[str, Any]:
    published: dict[str, Any] = json.loads((folder / "dist/published/build.json").read_text())
    return published


def test_every_image_is_named_by_the_digest_that_the_registry_gives(
    registry: Registry, images: dict[str, str], folder: Path
) -> None:
    done = publish(folder, registry.prefix)

    assert done.returncode == 0, done.stderr
    published = read_published(folder)
    references = {service: image["reference"] for service, image in published["images"].items()}
    assert done.stdout.split() == list(references.values())
    for service, image in images.items():
        assert references[service].startswith(f"{registry.prefix}/postroom-{service}@sha256:")
        # The registry's own word: under this digest it keeps this very image.
        assert json.loads(registry.manifest(references[service]))["config"]["digest"] == image


def test_the_rest_of_the_build_stays_as_it_was(registry: Registry, folder: Path) -> None:
    built = json.loads((folder / "dist/build.json").read_text())
    publish(folder, registry.prefix)

    published = read_published(folder)

    assert published | {"images": None} == built | {"images": None}
    assert json.loads((folder / "dist/build.json").read_text()) == built


def test_published_twice_it_is_the_same(registry: Registry, folder: Path) -> None:
    publish(folder, registry.prefix)
    first = read_published(folder)
    publish(folder, registry.prefix)

    assert read_published(folder) == first


def test_an_image_in_two_registries_is_named_by_the_one_that_is_asked_for(registry: Registry, folder: Path) -> None:
    publish(folder, registry.prefix)
    publish(folder, f"{registry.address}/other")

    references = [image["reference"] for image in read_published(folder)["images"].values()]

    assert all(reference.startswith(f"{registry.address}/other/postroom-") for reference in references)


def test_a_build_of_files_that_are_in_no_commit_is_refused(
    registry: Registry, images: dict[str, str], tmp_path: Path
) -> None:
    write(tmp_path, images, modified=True)

    done = publish(tmp_path, registry.prefix)

    assert done.returncode == build_manifest.EX_DATAERR
    assert "dist/build.json: made from files that are in no commit (modified)" in done.stderr
    assert not (tmp_path / "dist/published").exists()


def test_an_image_that_is_not_there_is_refused(registry: Registry, tmp_path: Path) -> None:
    write(tmp_path, {"api": f"sha256:{'0' * 64}"})

    done = publish(tmp_path, registry.prefix)

    assert done.returncode == build_manifest.EX_UNAVAILABLE
    assert "docker tag" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "named", ["", "https://registry.example.com", "registry.example.com/Mail", "registry example", "a/b:tag"]
)
def test_a_registry_that_is_no_name_is_refused(folder: Path, named: str) -> None:
    done = publish(folder, named)

    assert done.returncode == build_manifest.EX_USAGE
    assert done.stderr.startswith("REGISTRY: expected a registry and a path, such as registry.example.com/mail")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"images": {"api": {}}}',
        '{"version": "1", "commit": "c", "modified": false, "base": "python:3.11"}',
        '{"version": "1", "commit": "c", "modified": false, "images": {}}',
    ],
)
def test_a_build_that_cannot_be_read_is_refused(registry: Registry, tmp_path: Path, text: str) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist/build.json").write_text(text)

    done = publish(tmp_path, registry.prefix)

    assert done.returncode == build_manifest.EX_DATAERR
    assert done.stderr.startswith("dist/build.json: ")
    assert "Traceback" not in done.stderr


def test_without_a_build_it_says_how_to_make_one(registry: Registry, tmp_path: Path) -> None:
    done = publish(tmp_path, registry.prefix)

    assert done.returncode == build_manifest.EX_NOINPUT
    assert "`make package`" in done.stderr


def test_a_registry_that_does_not_answer_is_told(folder: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        done = publish(folder, f"127.0.0.1:{closed.getsockname()[1]}/mail")

    assert done.returncode == build_manifest.EX_UNAVAILABLE
    assert "docker push" in done.stderr.splitlines()[-1]
    assert not (folder / "dist/published").exists()


def test_what_is_published_is_described_from_the_registry(
    registry: Registry, images: dict[str, str], folder: Path
) -> None:
    publish(folder, registry.prefix)

    assembled = subprocess.run(
        [sys.executable, SCRIPT.with_name("assemble_release.py")],
        cwd=folder,
        env=os.environ | {"DOCKER_HOST": "unix:///nowhere", "SYFT_REGISTRY_INSECURE_USE_HTTP": "true"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert assembled.returncode == 0, assembled.stderr
    published = folder / "dist/published"
    assert sorted(path.name for path in published.iterdir()) == [
        "build.json",
        "postroom-0.1.0.tgz",
        *(f"postroom-{service}.spdx.json" for service in sorted(images)),
    ]
    for service, image in read_published(folder)["images"].items():
        sbom = json.loads((published / f"postroom-{service}.spdx.json").read_text())
        described = [package for package in sbom["packages"] if package.get("primaryPackagePurpose") == "CONTAINER"]
        name, _, digest = image["reference"].partition("@")
        assert [(package["name"], package["versionInfo"]) for package in described] == [(name, digest)]
    with tarfile.open(published / "postroom-0.1.0.tgz") as chart:
        values = chart.extractfile("postroom/values.yaml")
        assert values is not None
        text = values.read().decode()
    assert all(image["reference"] in text for image in read_published(folder)["images"].values())
