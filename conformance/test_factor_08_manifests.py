from pathlib import Path
from typing import Any

from postroom_chart_testing.planting import plant
from postroom_chart_testing.rendering import render
from postroom_chart_testing.scaling import find_busy_signals
from postroom_chart_testing.values import everything
from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence

CHART = Path("deploy/helm/postroom")
AUTOSCALER = "templates/worker/autoscaler.yaml"


def metric_of(chart: Path, component: str) -> dict[str, Any]:
    """By which the pods of a component are counted."""
    [metric] = render(chart, everything()).get("HorizontalPodAutoscaler", component)["spec"]["metrics"]
    return dict(metric)


@proves(
    "On Kubernetes the number of workers follows how long the oldest email has waited, not their CPU; that of apis,"
    " which wait for nobody, follows CPU."
)
def test_workers_are_added_by_how_long_mail_waits(evidence: Evidence) -> None:
    worker, api = metric_of(CHART, "worker"), metric_of(CHART, "api")

    evidence(f"worker: {worker['type']} {worker['external']}")
    evidence(f"api: {api['type']} {api['resource']}")
    assert find_busy_signals(render(CHART, everything()).documents) == []
    assert worker["external"] == {
        "metric": {"name": "oldest_email_seconds", "selector": {"matchLabels": {"deploy": "mail"}}},
        "target": {"type": "Value", "value": "20"},
    }
    assert api["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}


@violates(test_workers_are_added_by_how_long_mail_waits, "a worker that scales by CPU")
def test_workers_that_follow_cpu_are_found(tmp_path: Path) -> None:
    text = (CHART / AUTOSCALER).read_text("utf-8")
    external = text[text.index("    - type: External") : text.index("{{- end }}\n{{- end }}")]
    resource = (
        "    - type: Resource\n      resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}\n"
    )
    chart = plant(CHART, tmp_path, AUTOSCALER, external, resource)

    assert find_busy_signals(render(chart, everything()).documents) == [
        "HorizontalPodAutoscaler postroom-worker: scales by resource, which is not what waits"
    ]


@violates(test_workers_are_added_by_how_long_mail_waits, "an age that is divided by the number of workers")
def test_an_age_that_is_shared_out_is_found(tmp_path: Path) -> None:
    chart = plant(
        CHART, tmp_path, AUTOSCALER, "type: Value\n          value:", "type: AverageValue\n          averageValue:"
    )

    assert find_busy_signals(render(chart, everything()).documents) == [
        "HorizontalPodAutoscaler postroom-worker: an age would be shared out among the pods"
    ]
