"""Whether a document holds a secret."""

from collections.abc import Collection, Sequence

from postroom_chart_testing.documents import Document, label, pods_of


def find_secrets(documents: Sequence[Document], secret_names: Collection[str]) -> list[str]:
    """What holds one of the variables by value, and Secrets: they belong to whoever keeps the secrets."""
    findings = [f"{label(one)}: is no part of a release" for one in documents if one["kind"] == "Secret"]
    for one in documents:
        if one["kind"] == "ConfigMap":
            findings += [f"{label(one)}: holds {name}" for name in secret_names if name in one["data"]]
    for pod in pods_of(documents):
        given = {variable["name"] for variable in pod.container.get("env", [])}
        findings += [f"{pod}: holds {name}" for name in secret_names if name in given]
    return findings
