"""Whether the number of pods has one owner, and nodes can be drained."""

from collections.abc import Sequence

from postroom_chart_testing.documents import Document, label, named


def find_double_owners(documents: Sequence[Document]) -> list[str]:
    """Deployments whose replicas are set though an autoscaler sets them: each release would undo its work."""
    findings = []
    for scaler in (one for one in documents if one["kind"] == "HorizontalPodAutoscaler"):
        name = scaler["spec"]["scaleTargetRef"]["name"]
        deployment = named(documents, "Deployment", name)
        if deployment is None:
            findings.append(f"{label(scaler)}: there is no Deployment {name}")
        elif "replicas" in deployment["spec"]:
            findings.append(f"{label(deployment)}: replicas are set, and scaled")
    return findings


def find_blocking_budgets(documents: Sequence[Document]) -> list[str]:
    """Services without a budget, and budgets that keep the last pod where it is."""
    budgets = {
        tuple(one["spec"]["selector"]["matchLabels"].items()): one
        for one in documents
        if one["kind"] == "PodDisruptionBudget"
    }
    findings = []
    for deployment in (one for one in documents if one["kind"] == "Deployment"):
        budget = budgets.get(tuple(deployment["spec"]["selector"]["matchLabels"].items()))
        if budget is None:
            findings.append(f"{label(deployment)}: no budget")
        elif "minAvailable" in budget["spec"] or budget["spec"].get("maxUnavailable") in (None, 0, "0%"):
            findings.append(f"{label(budget)}: can block a drain for good")
    return findings
