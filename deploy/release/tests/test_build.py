import json
from pathlib import Path
from typing import Any

import pytest

from postroom_release.build import Build, read_build
from postroom_release.errors import EX_DATAERR, EX_NOINPUT, Refused


def told_of(build: Build) -> dict[str, Any]:
    """As build-support/package.py writes it."""
    images = {service: {"reference": reference} for service, reference in build.images.items()}
    return {"version": build.version, "commit": build.commit, "modified": build.modified, "images": images}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "build.json"


def test_a_build_is_read(file: Path, build: Build) -> None:
    file.write_text(json.dumps(told_of(build)))

    assert read_build(file) == build


def test_an_image_of_a_registry_is_named_by_its_digest(file: Path, build: Build) -> None:
    told = told_of(build)
    told["images"]["api"]["reference"] = reference = f"registry.example.com:5000/mail/api@sha256:{'a' * 64}"
    file.write_text(json.dumps(told))

    assert read_build(file).images["api"] == reference


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": ""}, "version: expected text"),
        ({"commit": "main"}, "commit: expected 40 hex digits"),
        ({"modified": "no"}, "modified: expected true or false"),
        ({"images": {}}, "'api' is missing, or not as"),
        ({"images": {name: {"reference": "postroom-api:1"} for name in ("api", "worker", "scheduler")}}, "images.api"),
    ],
)
def test_a_field_that_is_wrong_is_named(file: Path, build: Build, change: dict[str, Any], complaint: str) -> None:
    file.write_text(json.dumps(told_of(build) | change))

    with pytest.raises(Refused) as refused:
        read_build(file)
    assert refused.value.exit_code == EX_DATAERR
    assert f"{file}: {complaint}" in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "1"])
def test_what_is_no_build_is_refused(file: Path, text: str) -> None:
    file.write_text(text)

    with pytest.raises(Refused) as refused:
        read_build(file)
    assert refused.value.exit_code == EX_DATAERR


def test_without_a_build_it_is_told_how_to_make_one(file: Path) -> None:
    with pytest.raises(Refused, match="no build is there; `make package` makes one") as refused:
        read_build(file)
    assert refused.value.exit_code == EX_NOINPUT
