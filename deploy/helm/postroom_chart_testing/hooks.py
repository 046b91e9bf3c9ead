"""Whether migrations run before everything else, with all they need, and stop the rollout when they fail."""

from collections.abc import Iterator, Sequence

from postroom_chart_testing.documents import (
    Document,
    Pod,
    annotations,
    hook_events,
    hook_weight,
    label,
    named,
    pods_of,
    selects,
)

_EVENTS = frozenset({"pre-install", "pre-upgrade", "pre-rollback"})


def find_hook_faults(documents: Sequence[Document]) -> list[str]:
    jobs = [pod for pod in pods_of(documents) if pod.owner["kind"] == "Job"]
    if not jobs:
        return ["no Job migrates"]
    return [f"{job}: {what}" for job in jobs for what in (*_blocking_faults(job), *_needs(documents, job))]


def _blocking_faults(job: Pod) -> Iterator[str]:
    if missed := _EVENTS - hook_events(job.owner):
        yield f"does not run at {', '.join(sorted(missed))}"
    if "before-hook-creation" not in annotations(job.owner).get("helm.sh/hook-delete-policy", ""):
        yield "an earlier one stands in its way"
    if job.spec.get("restartPolicy") != "Never":
        yield "its failure would be repeated in place"
    for bound in ("backoffLimit", "activeDeadlineSeconds"):
        if bound not in job.owner["spec"]:
            yield f"has no {bound}"


def _needs(documents: Sequence[Document], job: Pod) -> Iterator[str]:
    """What it names or is held by, and what would not be there yet."""
    account = named(documents, "ServiceAccount", job.spec.get("serviceAccountName", "default"))
    yield from ("its ServiceAccount is not the chart's",) if account is None else _order(account, job)
    for source in job.container.get("envFrom", []):
        name = source["configMapRef"]["name"]
        config = named(documents, "ConfigMap", name)
        yield from (f"there is no ConfigMap {name}",) if config is None else _order(config, job)
    policies = [one for one in documents if one["kind"] == "NetworkPolicy"]
    held_by = [policy for policy in policies if selects(policy, job)]
    if policies and not held_by:
        yield "no NetworkPolicy holds it"
    for policy in held_by:
        yield from _order(policy, job)


def _order(needed: Document, job: Pod) -> Iterator[str]:
    if not hook_events(job.owner) <= hook_events(needed):
        yield f"{label(needed)} exists only after it has run"
    elif hook_weight(needed) >= hook_weight(job.owner):
        yield f"{label(needed)} has no lower weight"
    elif "hook-failed" in annotations(needed).get("helm.sh/hook-delete-policy", ""):
        yield f"{label(needed)} is gone when somebody looks why it failed"
