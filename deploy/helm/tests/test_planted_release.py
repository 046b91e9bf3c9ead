"""The checks of a release as a whole are seen to fail: one fault is put into a copy of the chart, and it is named."""

from collections.abc import Callable
from pathlib import Path

import helm_python
import pytest

from postroom_chart_testing.faults import find_faults
from postroom_chart_testing.rendering import render
from postroom_chart_testing.values import everything, minimal

Plant = Callable[[str, str, str], Path]

DEPLOYMENT = "templates/_deployment.tpl"
NETWORK = "templates/_network.tpl"
JOB = "templates/migration/job.yaml"
HOOK = "templates/migration/_hook.tpl"
HOOK_ACCOUNT = "templates/migration/service-account.yaml"
HOOK_CONFIG = "templates/migration/config.yaml"
HOOK_NETWORK = "templates/migration/network-policy.yaml"
NAMED_CONFIG = "name: {{ .Release.Name }}-migration\n          env:"
DNS = "ports:\n        - {port: 53, protocol: UDP}\n        - {port: 53, protocol: TCP}"
SERVICE = "apiVersion: v1\nkind: Service\n"

FAULTS = [
    # migrations run first, with all that they need, and stop what follows
    (HOOK, ",pre-rollback", "", "does not run at pre-rollback"),
    (HOOK, "pre-install,", "", "does not run at pre-install"),
    (HOOK, "before-hook-creation,", "", "an earlier one stands in its way"),
    (HOOK, "hook-succeeded", "hook-succeeded,hook-failed", "is gone when somebody looks why it failed"),
    (JOB, "restartPolicy: Never", "restartPolicy: OnFailure", "its failure would be repeated in place"),
    (JOB, "backoffLimit: {{ .Values.migration.retries }}", "", "has no backoffLimit"),
    (JOB, "activeDeadlineSeconds: {{ .Values.migration.deadlineSeconds }}", "", "has no activeDeadlineSeconds"),
    (JOB, NAMED_CONFIG, NAMED_CONFIG.replace("-migration", "-nothing"), "there is no ConfigMap postroom-nothing"),
    (HOOK_CONFIG, '"-10"', '"0"', "ConfigMap postroom-migration has no lower weight"),
    (HOOK_ACCOUNT, '"-10"', '"5"', "ServiceAccount postroom-migration has no lower weight"),
    (HOOK_ACCOUNT, '"component" "migration"', '"component" "nothing"', "its ServiceAccount is not the chart's"),
    (HOOK_NETWORK, '"-10"', '"0"', "NetworkPolicy postroom-migration has no lower weight"),
    (HOOK_NETWORK, '"component" "migration"', '"component" "nothing"', "no NetworkPolicy holds it"),
    # the number of pods has one owner, and nodes can be drained
    (DEPLOYMENT, "{{- with .replicas }}", "{{- with 2 }}", "Deployment postroom-api: replicas are set, and scaled"),
    ("templates/worker/autoscaler.yaml", "-worker", "-works", "there is no Deployment postroom-works"),
    (DEPLOYMENT, "maxUnavailable: 1", "minAvailable: 1", "can block a drain for good"),
    (DEPLOYMENT, "maxUnavailable: 1", "maxUnavailable: 0", "can block a drain for good"),
    ("templates/scheduler/disruption-budget.yaml", "scheduler", "nothing", "Deployment postroom-scheduler: no budget"),
    # who can talk to whom
    (NETWORK, "- from:\n    {{- toYaml . | nindent 4 }}\n  ports:", "- ports:", "lets everybody in"),
    (NETWORK, "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]", "holds one direction only"),
    (
        NETWORK,
        "ports:\n        - {port: 53, protocol: UDP}\n        - {port: 53, protocol: TCP}",
        "to: []",
        "all ports",
    ),
    ("templates/api/network-policy.yaml", '"component" "api"', '"component" "nothing"', "no NetworkPolicy holds it"),
    # secrets stay where they are kept
    ("templates/config.yaml", "\ndata:\n", "\ndata:\n  POSTROOM_SECRET_KEY: abc\n", "holds POSTROOM_SECRET_KEY"),
    ("templates/_config.tpl", "- name: POSTROOM_RELEASE", "- name: POSTROOM_MAIL_URL", "holds POSTROOM_MAIL_URL"),
    ("templates/api/service.yaml", SERVICE, SERVICE.replace("Service", "Secret"), "Secret postroom-api"),
]


@pytest.mark.parametrize(("file", "right", "wrong", "finding"), FAULTS)
def test_a_fault_is_found(
    plant: Plant, secret_names: frozenset[str], file: str, right: str, wrong: str, finding: str
) -> None:
    documents = render(plant(file, right, wrong), everything()).documents

    assert [fault for fault in find_faults(documents, secret_names) if finding in fault] != []


def test_a_migration_that_waits_for_what_comes_after_it_is_found(plant: Plant, secret_names: frozenset[str]) -> None:
    """The classic trap: the release's own objects exist only when the hook has succeeded."""
    chart = plant(HOOK_CONFIG, '{{- include "postroom.hook" (dict "weight" "-10") | nindent 4 }}', "{}")

    assert find_faults(render(chart, minimal()).documents, secret_names) == [
        "Job postroom-migration: ConfigMap postroom-migration exists only after it has run"
    ]


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("Chart.yaml", "version: 0.1.0", "version: latest"),
        ("templates/config.yaml", "kind: ConfigMap", "kind: ConfigMap\n   bad: indent"),
        (DEPLOYMENT, "apiVersion: apps/v1", "apiVersion: extensions/v1beta1"),
    ],
)
def test_helm_complains_about_a_broken_chart(plant: Plant, file: str, right: str, wrong: str) -> None:
    report = helm_python.lint(plant(file, right, wrong), minimal(), strict=True)

    assert report["errors"] != []
