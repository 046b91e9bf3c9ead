"""The archive of the chart that a release publishes."""

import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest
import yaml

import package_chart
from postroom_chart_testing.documents import pods_of
from postroom_chart_testing.faults import find_faults
from postroom_chart_testing.rendering import render
from postroom_chart_testing.values import build, minimal


def test_it_runs_its_build_without_a_value_given(chart: Path, tmp_path: Path, secret_names: frozenset[str]) -> None:
    archive = package_chart.package_chart(chart, build(), tmp_path)

    assert archive == tmp_path / "postroom-0.1.0.tgz"
    rendered = render(archive, {})
    images = {container["image"] for pod in pods_of(rendered.documents) for container in pod.spec["containers"]}
    assert images == {image["reference"] for image in build()["images"].values()}
    assert find_faults(rendered.documents, secret_names) == []
    assert rendered.documents == render(chart, minimal()).documents


def test_values_that_name_another_build_win(chart: Path, tmp_path: Path) -> None:
    archive = package_chart.package_chart(chart, build(), tmp_path)
    other = json.loads(json.dumps(build()).replace("a" * 64, "d" * 64))

    assert render(archive, {"build": other}).texts == render(chart, {"build": other}).texts


def test_the_defaults_of_the_chart_are_kept(chart: Path, tmp_path: Path) -> None:
    with tarfile.open(package_chart.package_chart(chart, build(), tmp_path)) as archive:
        packed = archive.extractfile("postroom/values.yaml")
        assert packed is not None
        values = packed.read()

    assert yaml.safe_load(values) == yaml.safe_load((chart / "values.yaml").read_text()) | {"build": build()}
    # What explains them, too.
    assert values.startswith((chart / "values.yaml").read_bytes())


def test_the_same_chart_and_build_give_the_same_bytes(chart: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(chart, tmp_path / "another" / "postroom")
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))

    one = package_chart.package_chart(chart, build(), tmp_path / "one")
    other = package_chart.package_chart(copy, build(), tmp_path / "other")

    assert one.read_bytes() == other.read_bytes()


def test_the_chart_itself_is_left_as_it_is(chart: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in chart.rglob("*")}
    package_chart.package_chart(chart, build(), tmp_path)

    assert {path: path.stat().st_mtime_ns for path in chart.rglob("*")} == before


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ('"version": "0.1.0"', '"version": "0.2.0"', "a build of version 0.2.0, but the chart is of 0.1.0"),
        (f"@sha256:{'a' * 64}", ":latest", "/build/images/api/reference"),
        ("registry.example.com:5000/mail/postroom-worker@", "", "/build/images/worker/reference"),
        ('"modified": false, ', "", "modified"),
        ('"version": ', "", "Expecting"),
        ("{", "[{", "Expecting"),
    ],
)
def test_a_build_that_cannot_be_run_anywhere_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], right: str, wrong: str, problem: str
) -> None:
    text = json.dumps(build())
    assert right in text
    (tmp_path / "build.json").write_text(text.replace(right, wrong, 1))

    assert package_chart.main([str(tmp_path / "build.json"), str(tmp_path / "out")]) == 65
    told = capsys.readouterr()
    assert told.err.startswith(f"package_chart: {tmp_path / 'build.json'}: ")
    assert problem in told.err
    assert told.out == ""
    assert not (tmp_path / "out").exists()


def test_a_list_is_no_build(chart: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="make publish"):
        package_chart.package_chart(chart, [], tmp_path)


def test_its_place_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "build.json").write_text(json.dumps(build()))

    assert package_chart.main([str(tmp_path / "build.json"), str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/postroom-0.1.0.tgz\n"
