"""What every pod must be: each function names those that are not, and why; an empty list is good."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from postroom_chart_testing.documents import Document, Pod, named, pods_of

_USER = 65532
_MARGIN_SECONDS = 10
_BY_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_PROBES = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
_HOST_SHARING = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace")
_VOLUMES = frozenset({"configMap", "emptyDir", "projected", "secret"})
_TOKENS = "/run/secrets"  # where /var/run/secrets is: tokens of roles are mounted there


def find_unrestricted(documents: Sequence[Document]) -> list[str]:
    """Pods below the restricted Pod Security Standard, or with more than ours need."""
    return [f"{pod}: {what}" for pod in pods_of(documents) for what in _excesses(pod)]


def find_unprobed(documents: Sequence[Document]) -> list[str]:
    findings = []
    for pod in pods_of(documents):
        if pod.owner["kind"] == "Job":
            continue
        ports = {port["name"] for port in pod.container.get("ports", [])}
        for probe, path in _PROBES.items():
            asked = pod.container.get(probe, {}).get("httpGet", {})
            if asked.get("path") != path or asked.get("port") not in ports:
                findings.append(f"{pod}: {probe} does not ask {path}")
    return findings


def find_unbounded(documents: Sequence[Document]) -> list[str]:
    findings = []
    for pod in pods_of(documents):
        resources = pod.container.get("resources", {})
        for kind, name in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
            if not resources.get(kind, {}).get(name):
                findings.append(f"{pod}: no {kind}.{name}")
    return findings


def find_mutable_images(documents: Sequence[Document]) -> list[str]:
    """Images that are not named by digest: what runs could change without a release."""
    return [
        f"{pod}: {pod.container['image']}"
        for pod in pods_of(documents)
        if not _BY_DIGEST.search(pod.container["image"])
    ]


def find_short_graces(documents: Sequence[Document]) -> list[str]:
    """Services that the cluster would kill while they drain."""
    findings = []
    for pod in pods_of(documents):
        if pod.owner["kind"] == "Job":
            continue
        grace = pod.spec.get("terminationGracePeriodSeconds", 30)  # the cluster's own
        pre_stop = pod.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        drain = float(variables_of(documents, pod)["POSTROOM_DRAIN_SECONDS"])
        if grace < pre_stop + drain + _MARGIN_SECONDS:
            findings.append(
                f"{pod}: a grace of {grace} s is too short for {pre_stop} s of preStop, {drain:g} s of drain and"
                f" {_MARGIN_SECONDS} s"
            )
    return findings


def variables_of(documents: Sequence[Document], pod: Pod) -> Mapping[str, str]:
    """The environment that the container starts with. Raises LookupError when a ConfigMap is not there."""
    variables: dict[str, str] = {}
    for source in pod.container.get("envFrom", []):
        name = source["configMapRef"]["name"]
        config = named(documents, "ConfigMap", name)
        if config is None:
            raise LookupError(f"{pod}: there is no ConfigMap {name}")
        variables |= config["data"]
    return variables | {one["name"]: one["value"] for one in pod.container.get("env", [])}


def _excesses(pod: Pod) -> Iterator[str]:
    spec, of_pod, of_container = pod.spec, pod.spec.get("securityContext", {}), pod.container.get("securityContext", {})
    wanted: list[tuple[str, Any, Any]] = [
        ("runAsNonRoot", of_pod.get("runAsNonRoot"), True),
        ("runAsUser", of_pod.get("runAsUser"), _USER),
        ("runAsGroup", of_pod.get("runAsGroup"), _USER),
        ("seccompProfile", of_pod.get("seccompProfile"), {"type": "RuntimeDefault"}),
        ("allowPrivilegeEscalation", of_container.get("allowPrivilegeEscalation"), False),
        ("readOnlyRootFilesystem", of_container.get("readOnlyRootFilesystem"), True),
        ("capabilities", of_container.get("capabilities"), {"drop": ["ALL"]}),
        ("privileged", of_container.get("privileged", False), False),
        ("automountServiceAccountToken", spec.get("automountServiceAccountToken"), False),
        ("enableServiceLinks", spec.get("enableServiceLinks"), False),
    ]
    wanted += [(name, spec.get(name, False), False) for name in _HOST_SHARING]
    yield from (f"{name} is {found!r}" for name, found, right in wanted if found != right)
    # What a container says of itself would win over what its pod says.
    for name in of_pod.keys() & of_container.keys():
        yield f"{name} is said twice"
    for volume in spec.get("volumes", []):
        if not volume.keys() - {"name"} <= _VOLUMES:
            yield f"volume {volume['name']} is of another kind"
    for mount in pod.container.get("volumeMounts", []):
        if mount["mountPath"].removeprefix("/var").startswith(_TOKENS) and mount.get("readOnly"):
            yield f"{mount['mountPath']} would hide the tokens of roles"
    for port in pod.container.get("ports", []):
        if "hostPort" in port:
            yield f"hostPort {port['hostPort']}"
