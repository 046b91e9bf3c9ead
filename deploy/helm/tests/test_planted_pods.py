"""The checks of pods are seen to fail: one fault is put into a copy of the chart, and it is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from postroom_chart_testing.faults import find_faults
from postroom_chart_testing.rendering import render
from postroom_chart_testing.validity import KUBERNETES, find_invalid
from postroom_chart_testing.values import everything

Plant = Callable[[str, str, str], Path]

POD = "templates/_pod.tpl"
DEPLOYMENT = "templates/_deployment.tpl"
JOB = "templates/migration/job.yaml"
GRACE = "terminationGracePeriodSeconds: {{ add $preStop $drain 10 }}"
READY = "readinessProbe:\n            httpGet: {path: "

RIGHTS = [
    ("runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot is False"),
    ("runAsUser: 65532", "runAsUser: 0", "runAsUser is 0"),
    ("runAsGroup: 65532", "runAsGroup: 0", "runAsGroup is 0"),
    ("type: RuntimeDefault", "type: Unconfined", "seccompProfile is"),
    ("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "allowPrivilegeEscalation is True"),
    ("allowPrivilegeEscalation: false", "runAsUser: 0", "runAsUser is said twice"),
    ("allowPrivilegeEscalation: false", "privileged: true", "privileged is True"),
    ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "readOnlyRootFilesystem is False"),
    ("drop: [ALL]", "drop: [NET_RAW]", "capabilities is"),
    ("drop: [ALL]", "drop: [ALL]\n    add: [NET_ADMIN]", "capabilities is"),
    ("automountServiceAccountToken: false\n", "", "automountServiceAccountToken is None"),
    ("enableServiceLinks: false\n", "", "enableServiceLinks is None"),
    ("enableServiceLinks: false", "hostNetwork: true", "hostNetwork is True"),
    ("emptyDir:\n      sizeLimit: 128Mi", "hostPath:\n      path: /tmp", "volume tmp is of another kind"),
    ("mountPath: /etc/postroom/secrets", "mountPath: /run/secrets", "would hide the tokens of roles"),
    ("toYaml .resources", 'toYaml (omit .resources "limits")', "no limits.memory"),
    ("toYaml .resources", 'toYaml (omit .resources "requests")', "no requests.cpu"),
]

SERVICES = [
    ("- name: http\n", "- name: http\n              hostPort: 80\n", "hostPort 80"),
    ("startupProbe:", "livenessProbe:", "startupProbe does not ask /livez"),
    (READY + "/readyz", READY + "/livez", "readinessProbe does not ask /readyz"),
    ("path: /livez, port: http", "path: /livez, port: https", "livenessProbe does not ask /livez"),
    (GRACE, "terminationGracePeriodSeconds: 30", "postroom-scheduler: a grace of 30 s is too short"),
    (GRACE, GRACE.replace("$preStop", ""), "postroom-api: a grace of 51 s is too short for 15 s of preStop"),
    (GRACE, GRACE.replace("$drain", ""), "postroom-api: a grace of 25 s is too short"),
    (GRACE, "", "postroom-worker: a grace of 30 s is too short"),
]


@pytest.mark.parametrize(("right", "wrong", "finding"), RIGHTS)
def test_a_pod_with_too_many_rights_or_no_bounds_is_found(
    plant: Plant, secret_names: frozenset[str], right: str, wrong: str, finding: str
) -> None:
    faults = find_faults(render(plant(POD, right, wrong), everything()).documents, secret_names)

    for pod in ("Deployment postroom-api", "Deployment postroom-scheduler", "Job postroom-migration"):
        assert [fault for fault in faults if fault.startswith(pod) and finding in fault] != []


@pytest.mark.parametrize(("right", "wrong", "finding"), SERVICES)
def test_a_service_that_cannot_be_asked_or_cannot_end_is_found(
    plant: Plant, secret_names: frozenset[str], right: str, wrong: str, finding: str
) -> None:
    faults = find_faults(render(plant(DEPLOYMENT, right, wrong), everything()).documents, secret_names)

    assert [fault for fault in faults if finding in fault] != []


def test_an_image_that_can_change_is_found(plant: Plant, secret_names: frozenset[str]) -> None:
    chart = plant(JOB, "{{ .Values.build.images.worker.reference }}", "postroom-worker:latest")

    assert find_faults(render(chart, everything()).documents, secret_names) == [
        "Job postroom-migration: postroom-worker:latest"
    ]


@pytest.mark.parametrize("kubernetes", KUBERNETES)
@pytest.mark.parametrize(
    ("right", "wrong", "finding"),
    [
        ("maxSkew: 1", "maxSkew: one", "maxSkew: 'one' is not of type"),
        ("maxSurge: 25%", "maxSurges: 25%", "'maxSurges' was unexpected"),
        ("apiVersion: policy/v1", "apiVersion: policy/v9", "schema for kind PodDisruptionBudget"),
    ],
)
def test_what_a_cluster_would_not_take_is_found(
    plant: Plant, kubernetes: str, right: str, wrong: str, finding: str
) -> None:
    documents = render(plant(DEPLOYMENT, right, wrong), everything()).documents

    assert [fault for fault in find_invalid(documents, kubernetes) if finding in fault] != []
