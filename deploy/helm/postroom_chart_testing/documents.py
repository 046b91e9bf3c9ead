"""Reading Kubernetes documents, whoever rendered them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]

_WITH_PODS = ("Deployment", "Job")
_HOOK = "helm.sh/hook"
_WEIGHT = "helm.sh/hook-weight"


@dataclass(frozen=True, slots=True)
class Pod:
    """The pods that one document asks for."""

    owner: Document
    labels: Mapping[str, str]
    spec: dict[str, Any]

    @property
    def container(self) -> dict[str, Any]:
        (only,) = self.spec["containers"]
        return dict(only)

    def __str__(self) -> str:
        return label(self.owner)


def label(document: Document) -> str:
    return f"{document['kind']} {document['metadata']['name']}"


def pods_of(documents: Sequence[Document]) -> Iterator[Pod]:
    for document in documents:
        if document["kind"] in _WITH_PODS:
            template = document["spec"]["template"]
            yield Pod(document, template["metadata"]["labels"], template["spec"])


def named(documents: Sequence[Document], kind: str, name: str) -> Document | None:
    return next((one for one in documents if one["kind"] == kind and one["metadata"]["name"] == name), None)


def annotations(document: Document) -> Mapping[str, str]:
    return document["metadata"].get("annotations") or {}


def hook_events(document: Document) -> frozenset[str]:
    """When Helm runs it as a hook; none: it is a part of the release."""
    return frozenset(filter(None, annotations(document).get(_HOOK, "").split(",")))


def hook_weight(document: Document) -> int:
    return int(annotations(document).get(_WEIGHT, "0"))


def selects(policy: Document, pod: Pod) -> bool:
    wanted: Mapping[str, str] = policy["spec"]["podSelector"].get("matchLabels", {})
    return wanted.items() <= pod.labels.items()
