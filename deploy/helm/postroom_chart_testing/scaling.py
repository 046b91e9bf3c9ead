"""Whether the number of pods has one owner and follows what waits, and nodes can be drained."""

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


def find_busy_signals(documents: Sequence[Document]) -> list[str]:
    """Workers whose number follows how busy they are, or is counted wrongly from how long mail waits.

    One that waits for the provider is not busy, however much mail waits.
    """
    findings = []
    for scaler in (one for one in documents if one["kind"] == "HorizontalPodAutoscaler"):
        if scaler["spec"]["scaleTargetRef"]["name"].rpartition("-")[2] != "worker":
            continue
        for metric in scaler["spec"]["metrics"]:
            if metric["type"] != "External":
                findings.append(f"{label(scaler)}: scales by {metric['type'].lower()}, which is not what waits")
            elif metric["external"]["target"]["type"] != "Value":
                findings.append(f"{label(scaler)}: an age would be shared out among the pods")
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
