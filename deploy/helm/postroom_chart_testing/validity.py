"""Whether a cluster would take the documents."""

from collections.abc import Sequence

import kubernetes_validate

from postroom_chart_testing.documents import Document, label

KUBERNETES = ("1.30", "1.37")
"""The oldest that the chart takes, and the newest whose schemas are here."""


def find_invalid(documents: Sequence[Document], kubernetes: str) -> list[str]:
    """What the schemas of that version of Kubernetes refuse, unknown fields among it."""
    findings = []
    for document in documents:
        try:
            kubernetes_validate.validate(document, kubernetes, strict=True)
        except kubernetes_validate.ValidationError as problem:
            place = ".".join(str(step) for step in problem.path)
            findings.append(f"{label(document)}: {place}: {problem.message}")
        except kubernetes_validate.SchemaNotFoundError as problem:
            findings.append(f"{label(document)}: {problem.message}")
    return findings
