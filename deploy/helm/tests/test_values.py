"""What the schema of the values refuses, before anything reaches a cluster."""

import json
from pathlib import Path
from typing import Any

import helm_python
import pytest

from postroom_chart_testing.rendering import render
from postroom_chart_testing.values import COMMIT, everything, minimal

DIGEST = "sha256:" + "a" * 64


def _with(path: str, value: Any) -> dict[str, Any]:
    values = everything()
    place: Any = values
    *way, last = path.split("/")
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    place[last] = value
    return values


def _objects(values: Any, path: str = "") -> list[str]:
    """The paths of all objects whose keys the chart knows."""
    if isinstance(values, list):
        return [found for place, one in enumerate(values) for found in _objects(one, f"{path}{place}/")]
    if not isinstance(values, dict) or path.rstrip("/").endswith(FREE):
        return []
    return [path, *(found for key, one in values.items() for found in _objects(one, f"{path}{key}/"))]


FREE = ("annotations", "Annotations", "nodeSelector", "matchLabels")
"""Maps whose keys are the deploy's own."""


@pytest.mark.parametrize("path", _objects(everything()))
def test_an_unknown_key_is_refused_wherever_it_stands(chart: Path, path: str) -> None:
    with pytest.raises(helm_python.HelmValuesError, match="typo"):
        render(chart, _with(f"{path}typo", "x"))


@pytest.mark.parametrize(
    "reference",
    [
        "registry.example.com/postroom-api:latest",
        "registry.example.com/postroom-api:0.1.0",
        "registry.example.com/postroom-api",
        f"registry.example.com/postroom-api:0.1.0@{DIGEST}",
        f"registry.example.com/postroom-api@{DIGEST[:-1]}",
        "registry.example.com/postroom-api@sha512:" + "a" * 64,
        DIGEST,
        "",
    ],
)
@pytest.mark.parametrize("service", ["api", "worker", "scheduler"])
def test_an_image_that_is_not_named_by_digest_is_refused(chart: Path, service: str, reference: str) -> None:
    with pytest.raises(helm_python.HelmValuesError, match=f"/build/images/{service}/reference"):
        render(chart, _with(f"build/images/{service}/reference", reference))


@pytest.mark.parametrize("left_out", ["version", "commit", "modified", "base", "images"])
def test_a_build_is_named_in_full(chart: Path, left_out: str) -> None:
    values = minimal()
    del values["build"][left_out]

    with pytest.raises(helm_python.HelmValuesError, match=left_out):
        render(chart, values)


def test_without_a_build_nothing_is_rendered(chart: Path) -> None:
    with pytest.raises(helm_python.HelmValuesError, match="build"):
        render(chart, {})


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "MAIL_URL", "SECRET_KEY"])
@pytest.mark.parametrize("suffix", ["", "_FILE"])
def test_a_secret_as_a_value_is_refused_and_not_shown(chart: Path, name: str, suffix: str) -> None:
    with pytest.raises(helm_python.HelmValuesError, match=f"POSTROOM_{name}{suffix}") as refusal:
        render(chart, _with(f"config/POSTROOM_{name}{suffix}", "hunter2"))

    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("config/POSTROOM_DRAIN_SECOND", 25),  # no such variable
        ("config/postroom_rate_limit", 5),
        ("config/POSTROOM_RELEASE", "42"),  # the chart's
        ("config/POSTROOM_COMMIT", COMMIT),  # the image's
        ("config/POSTROOM_DRAIN_SECONDS", 3601),
        ("config/POSTROOM_DRAIN_SECONDS", "1e3"),
        ("config/POSTROOM_DRAIN_SECONDS", None),
        ("config/POSTROOM_PORT", 0),
        ("config/POSTROOM_PORT", 8000.5),
        ("config/POSTROOM_LOG_LEVEL", "loud"),
        ("config/POSTROOM_VERIFIED_DOMAINS_ONLY", "yes"),
        ("config/POSTROOM_PUBLIC_URL", ""),
        ("secrets/databaseUrl/name", ""),
        ("secrets/databaseUrl/value", "mysql://"),
        ("release", "two words"),
        ("api/replicas", 0),
        ("api/resources/limits/memory", None),
        ("api/resources/requests/cpu", "fast"),
        ("worker/autoscaling/metric/name", ""),  # while it is on
        ("ingress/host", ""),
        ("ingress/host", "https://postroom.example.com"),
        ("networkPolicy/database/ports", ["3306"]),
        ("networkPolicy/apiFrom", [{}]),  # a peer that names nobody is everybody
    ],
)
def test_what_cannot_work_is_refused(chart: Path, path: str, value: object) -> None:
    with pytest.raises(helm_python.HelmValuesError, match=path.rpartition("/")[2]):
        render(chart, _with(path, value))


def test_a_chart_that_depends_on_this_one_may_hand_down_its_own_values(chart: Path) -> None:
    assert render(chart, minimal() | {"global": {"team": "mail"}}).texts == render(chart, minimal()).texts


def test_a_published_build_is_taken_as_it_is(chart: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "build.json"
    manifest.write_text(json.dumps(minimal()["build"]), "utf-8")
    values = helm_python.parse_set_json(f"build={manifest.read_text('utf-8')}")

    assert render(chart, values).texts == render(chart, minimal()).texts
