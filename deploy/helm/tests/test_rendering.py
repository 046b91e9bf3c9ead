"""What the chart renders, for the fewest values and for all of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import helm_python
import pytest

from postroom_chart_testing.documents import annotations, hook_events, pods_of
from postroom_chart_testing.faults import find_faults
from postroom_chart_testing.pods import variables_of
from postroom_chart_testing.rendering import Rendered, render
from postroom_chart_testing.validity import KUBERNETES, find_invalid
from postroom_chart_testing.values import everything, minimal

Values = dict[str, Any]
_WARNING = 2


@pytest.fixture(params=[minimal, everything], ids=["minimal", "everything"])
def values(request: pytest.FixtureRequest) -> Values:
    make: Callable[[], Values] = request.param
    return make()


def test_helm_finds_nothing_to_complain_about(chart: Path, values: Values) -> None:
    report = helm_python.lint(chart, values, strict=True, kube_version="v1.30.0")

    assert report["total_charts_linted"] == 1
    assert report["errors"] == []
    assert [message for message in report["messages"] if message["severity"] >= _WARNING] == []


def test_what_is_rendered_has_no_fault(chart: Path, values: Values, secret_names: frozenset[str]) -> None:
    assert find_faults(render(chart, values).documents, secret_names) == []


@pytest.mark.parametrize("kubernetes", KUBERNETES)
def test_a_cluster_takes_what_is_rendered(chart: Path, values: Values, kubernetes: str) -> None:
    assert find_invalid(render(chart, values).documents, kubernetes) == []


def test_secrets_are_asked_for_by_the_names_that_are_given(chart: Path) -> None:
    values = everything()
    rendered = render(chart, values)
    names = {one["name"] for one in values["secrets"].values()}
    asked = {
        source["secret"]["name"]
        for pod in pods_of(rendered.documents)
        for volume in pod.spec["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
    }

    assert asked == names
    assert rendered.find("Secret") == []


def test_each_service_reads_only_the_secrets_that_it_needs(chart: Path, secret_names: frozenset[str]) -> None:
    every = [f"POSTROOM_{name}_FILE" for name in ("DATABASE_URL", "REDIS_URL", "MAIL_URL", "SECRET_KEY")]
    collector = "OTEL_EXPORTER_OTLP_HEADERS_FILE"
    assert {*every, collector} == {f"{name}_FILE" for name in secret_names}
    # By default the collector is inside the cluster and asks for no token.
    assert read_files(render(chart, minimal())) == {
        "postroom-api": every,
        "postroom-worker": every,
        "postroom-scheduler": every[:2],
        "postroom-migration": every[:1],
    }
    assert read_files(render(chart, everything())) == {
        "postroom-api": [*every, collector],
        "postroom-worker": [*every, collector],
        "postroom-scheduler": [*every[:2], collector],
        "postroom-migration": every[:1],
    }


def read_files(rendered: Rendered) -> dict[str, list[str]]:
    """The variables that name a secret's file, of each service."""
    return {
        pod.owner["metadata"]["name"]: [one["name"] for one in pod.container["env"] if one["name"].endswith("_FILE")]
        for pod in pods_of(rendered.documents)
    }


def test_a_secret_is_a_file_where_its_variable_says(chart: Path) -> None:
    for pod in pods_of(render(chart, everything()).documents):
        (volume,) = (one for one in pod.spec["volumes"] if one["name"] == "secrets")
        (mount,) = (one for one in pod.container["volumeMounts"] if one["name"] == "secrets")
        files = {
            f"{mount['mountPath']}/{item['path']}"
            for source in volume["projected"]["sources"]
            for item in source["secret"]["items"]
        }

        assert files == {one["value"] for one in pod.container["env"] if one["name"].endswith("_FILE")}
        assert volume["projected"]["defaultMode"] == 0o440  # root's, and of the group that the pod runs with
        assert mount["readOnly"] is True


def test_only_the_worker_has_a_role(chart: Path) -> None:
    accounts = render(chart, everything()).find("ServiceAccount")
    given = {one["metadata"]["name"]: [key for key in annotations(one) if "helm.sh" not in key] for one in accounts}

    assert given == {
        "postroom-api": [],
        "postroom-worker": ["eks.amazonaws.com/role-arn"],
        "postroom-scheduler": [],
        "postroom-migration": [],
    }
    assert {one["automountServiceAccountToken"] for one in accounts} == {False}


def test_numbers_reach_a_process_as_plain_digits(chart: Path) -> None:
    rendered = render(chart, everything())
    (api,) = (pod for pod in pods_of(rendered.documents) if pod.container["name"] == "api")
    variables = variables_of(rendered.documents, api)

    assert variables["POSTROOM_HINT_MARK"] == "10000000"
    assert variables["POSTROOM_DRAIN_SECONDS"] == "40.5"
    assert variables["POSTROOM_VERIFIED_DOMAINS_ONLY"] == "false"
    assert variables["POSTROOM_RELEASE"] == "2026.11-42"


def test_a_port_is_the_same_for_a_process_and_the_cluster(chart: Path) -> None:
    rendered = render(chart, everything())
    ports = {pod.container["name"]: pod.container.get("ports") for pod in pods_of(rendered.documents)}

    assert ports["api"] == [{"name": "http", "containerPort": 9000}]
    assert ports["worker"] == ports["scheduler"] == [{"name": "http", "containerPort": 9001}]


def test_without_a_name_the_release_is_helms_revision(chart: Path) -> None:
    rendered = render(chart, minimal(), revision=7)

    assert {variables_of(rendered.documents, pod)["POSTROOM_RELEASE"] for pod in pods_of(rendered.documents)} == {"7"}


def _config(rendered: Rendered) -> dict[str, Any]:
    (config,) = (one for one in rendered.find("ConfigMap") if not hook_events(one))
    return config


def test_each_config_has_its_own_name_and_stays(chart: Path) -> None:
    before = render(chart, minimal())
    again = render(chart, minimal(), revision=2)
    after = render(chart, minimal() | {"config": {"POSTROOM_RATE_LIMIT": 5}})

    assert _config(before) == _config(again)
    assert _config(before)["metadata"]["name"] != _config(after)["metadata"]["name"]
    assert _config(after)["immutable"] is True
    assert annotations(_config(after))["helm.sh/resource-policy"] == "keep"


def test_another_config_rolls_the_pods(chart: Path) -> None:
    values = minimal() | {"release": "same"}
    before = render(chart, values)
    after = render(chart, values | {"config": {"POSTROOM_RATE_LIMIT": 5}})

    for service in ("api", "worker", "scheduler"):
        template = before.get("Deployment", service)["spec"]["template"]
        changed = after.get("Deployment", service)["spec"]["template"]
        assert template["metadata"]["annotations"] != changed["metadata"]["annotations"]
        assert template == render(chart, values, revision=2).get("Deployment", service)["spec"]["template"]


def test_the_minimum_scales_nothing_and_lets_nobody_in_from_outside(chart: Path) -> None:
    rendered = render(chart, minimal())

    assert rendered.find("HorizontalPodAutoscaler") == []
    assert rendered.find("Ingress") == []
    assert {one["metadata"]["name"]: one["spec"]["replicas"] for one in rendered.find("Deployment")} == {
        "postroom-api": 2,
        "postroom-worker": 2,
        "postroom-scheduler": 2,
    }


def test_what_holds_for_every_pod_holds_for_migrations_too(chart: Path) -> None:
    values = everything()
    pods = list(pods_of(render(chart, values).documents))

    assert len(pods) == 4
    for pod in pods:
        described = pod.owner["spec"]["template"]["metadata"]["annotations"]
        assert described.items() >= values["pods"]["annotations"].items()
        for name in ("nodeSelector", "tolerations", "priorityClassName"):
            assert pod.spec[name] == values["pods"][name]
        assert pod.spec["imagePullSecrets"] == [{"name": "registry"}]
        assert {"name": "certificates", "configMap": {"name": "authorities"}} in pod.spec["volumes"]
        assert {
            "name": "certificates",
            "mountPath": "/etc/postroom/certificates",
            "readOnly": True,
        } in pod.container["volumeMounts"]
