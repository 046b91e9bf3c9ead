"""What a cluster is told about how long a pod may take to end, and how it is asked whether it lives."""

from pathlib import Path

import pytest

from postroom_chart_testing.documents import pods_of
from postroom_chart_testing.planting import plant
from postroom_chart_testing.pods import find_short_graces, find_unprobed
from postroom_chart_testing.rendering import render
from postroom_chart_testing.values import everything, minimal
from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence

CHART = Path("deploy/helm/postroom")
DEPLOYMENT = "templates/_deployment.tpl"
GRACE = "terminationGracePeriodSeconds: {{ add $preStop $drain 10 }}"


@proves(
    "The grace of each pod is longer than its preStop pause and its drain time together, whatever these are set to."
)
def test_a_cluster_waits_longer_than_a_service_drains(evidence: Evidence) -> None:
    rendered = render(CHART, everything())
    graces = {
        pod.container["name"]: pod.spec.get("terminationGracePeriodSeconds") for pod in pods_of(rendered.documents)
    }

    evidence(f"with 15 s of preStop for the api and 40.5 s to drain: {graces}")
    assert find_short_graces(rendered.documents) == []
    assert find_short_graces(render(CHART, minimal()).documents) == []
    # And not much longer: a node that is drained waits for it.
    assert graces == {"api": 15 + 41 + 10, "worker": 41 + 10, "scheduler": 41 + 10, "migration": None}


@violates(
    test_a_cluster_waits_longer_than_a_service_drains, "a grace that is as long as the drain time, or the cluster's own"
)
@pytest.mark.parametrize("wrong", ["terminationGracePeriodSeconds: {{ $drain }}", ""])
def test_a_pod_that_is_killed_while_it_drains_is_found(tmp_path: Path, wrong: str) -> None:
    found = find_short_graces(render(plant(CHART, tmp_path, DEPLOYMENT, GRACE, wrong), everything()).documents)

    assert [one.partition(":")[0] for one in found] == [
        f"Deployment postroom-{service}" for service in ("api", "scheduler", "worker")
    ]


@proves("A cluster asks each process itself, over HTTP: `/livez` whether to end it, `/readyz` whether to send it work.")
def test_a_cluster_asks_the_process(evidence: Evidence) -> None:
    documents = render(CHART, everything()).documents
    for pod in pods_of(documents):
        if pod.owner["kind"] == "Deployment":
            asked = {probe: pod.container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("liveness", "readiness")}
            evidence(f"{pod}: {asked}")

    assert find_unprobed(documents) == []


@violates(test_a_cluster_asks_the_process, "a probe that runs `true`, and cannot fail")
@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe"])
def test_a_probe_that_always_passes_is_found(tmp_path: Path, probe: str) -> None:
    path = "/livez" if probe == "livenessProbe" else "/readyz"
    asked = f"{probe}:\n            httpGet: {{path: {path}, port: http}}"
    always = f"{probe}:\n            exec: {{command: [/bin/true]}}"
    found = find_unprobed(render(plant(CHART, tmp_path, DEPLOYMENT, asked, always), everything()).documents)

    assert found == [
        f"Deployment postroom-{name}: {probe} does not ask {path}" for name in ("api", "scheduler", "worker")
    ]
