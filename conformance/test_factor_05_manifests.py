import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from postroom_chart_testing.pods import find_mutable_images
from postroom_chart_testing.rendering import read_templates, render
from postroom_chart_testing.sources import find_changing
from postroom_chart_testing.values import everything, minimal
from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence

CHART = Path("deploy/helm/postroom")
Values = Mapping[str, Any]


def find_unlike(chart: Path, values: Values) -> list[str]:
    """Templates that render otherwise the second time, or that ask for what changes."""
    first, second = render(chart, values).texts, render(chart, values).texts
    unlike = [f"{name} is rendered otherwise" for name in first if first[name] != second.get(name)]
    return unlike + find_changing(read_templates(chart))


@proves("The chart, rendered twice from the same values, gives the same bytes.")
@pytest.mark.parametrize("make_values", [minimal, everything])
def test_the_same_values_give_the_same_bytes(make_values: Callable[[], Values], evidence: Evidence) -> None:
    texts = render(CHART, make_values()).texts

    evidence(f"{len(texts)} templates, {sum(map(len, texts.values()))} characters: rendered twice, and compared")
    assert find_unlike(CHART, make_values()) == []


def plant(folder: Path, file: str, right: str, wrong: str) -> Path:
    """A copy of the chart in which one text stands for another."""
    copy = folder / "postroom"
    shutil.copytree(CHART, copy)
    text = (copy / file).read_text()
    assert right in text
    (copy / file).write_text(text.replace(right, wrong))
    return copy


@violates(test_the_same_values_give_the_same_bytes, "a template with `uuidv4`")
def test_a_random_word_in_a_template_is_found(tmp_path: Path) -> None:
    chart = plant(tmp_path, "templates/config.yaml", "\ndata:", "\n# {{ uuidv4 }}\ndata:")

    assert find_unlike(chart, minimal()) == [
        "postroom/templates/config.yaml is rendered otherwise",
        "templates/config.yaml: uuidv4",
    ]


@violates(test_the_same_values_give_the_same_bytes, "a template that asks for the time, for chance or for a new key")
@pytest.mark.parametrize(
    "call",
    ["{{ now }}", "{{ randAlphaNum 8 }}", '{{- $key := genPrivateKey "rsa" -}}', "{{ .Values.release | uuidv4 }}"],
)
def test_a_call_that_answers_differently_is_found(tmp_path: Path, call: str) -> None:
    chart = plant(tmp_path, "templates/config.yaml", "\ndata:", f"\n# {call}\ndata:")

    assert find_changing(read_templates(chart)) != []


@proves("A cluster runs what was built: each image that the chart names is named by its digest.")
def test_images_of_the_chart_are_named_by_digest(evidence: Evidence) -> None:
    documents = render(CHART, everything()).documents

    evidence(f"{len(documents)} documents, {len(find_mutable_images(documents))} images by a tag")
    assert find_mutable_images(documents) == []


@violates(test_images_of_the_chart_are_named_by_digest, "a migration that runs postroom-worker:latest")
def test_an_image_by_a_tag_is_found(tmp_path: Path) -> None:
    right, wrong = "{{ .Values.build.images.worker.reference }}", "postroom-worker:latest"
    chart = plant(tmp_path, "templates/migration/job.yaml", right, wrong)

    assert find_mutable_images(render(chart, minimal()).documents) == ["Job postroom-migration: postroom-worker:latest"]
