"""What Helm makes of the chart: its documents, as the cluster gets them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from helm_python.chart import Chart

from postroom_chart_testing.documents import Document

RELEASE = "postroom"
NAMESPACE = "mail"


@dataclass(frozen=True, slots=True)
class Rendered:
    """One rendering: each template's text, and all documents in it."""

    texts: Mapping[str, str]
    documents: tuple[Document, ...]

    def find(self, kind: str) -> list[Document]:
        return [one for one in self.documents if one["kind"] == kind]

    def get(self, kind: str, component: str) -> Document:
        """The only document of that kind and component."""
        (found,) = (one for one in self.find(kind) if one["metadata"]["name"] == f"{RELEASE}-{component}")
        return found


def render(chart: Path, values: Mapping[str, Any], *, revision: int = 1) -> Rendered:
    """Raises helm_python's HelmError when the values are refused or a template fails."""
    with Chart.load(chart) as loaded:
        texts = loaded.render(dict(values), name=RELEASE, namespace=NAMESPACE, revision=revision)
    manifests = [text for path, text in sorted(texts.items()) if path.endswith(".yaml")]
    documents = (document for text in manifests for document in yaml.safe_load_all(text) if document)
    return Rendered(texts, tuple(documents))


def read_templates(chart: Path) -> dict[str, str]:
    """The sources of the templates, by name."""
    with Chart.load(chart) as loaded:
        return {template["name"]: template["data"] for template in loaded.templates}
