"""Who can talk to whom."""

from collections.abc import Sequence

from postroom_chart_testing.documents import Document, label, pods_of, selects


def find_open_network(documents: Sequence[Document]) -> list[str]:
    """Pods that no NetworkPolicy holds, and rules that let everybody in or out."""
    policies = [one for one in documents if one["kind"] == "NetworkPolicy"]
    findings = [
        f"{pod}: no NetworkPolicy holds it"
        for pod in pods_of(documents)
        if not any(selects(policy, pod) for policy in policies)
    ]
    for policy in policies:
        spec = policy["spec"]
        if set(spec["policyTypes"]) != {"Ingress", "Egress"}:
            findings.append(f"{label(policy)}: holds one direction only")
        findings += [f"{label(policy)}: lets everybody in" for rule in spec.get("ingress", []) if not rule.get("from")]
        findings += [f"{label(policy)}: lets all ports out" for rule in spec["egress"] if not rule.get("ports")]
    return findings
