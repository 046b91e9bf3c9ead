from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from postroom_chart_testing.documents import pods_of
from postroom_chart_testing.rendering import render
from postroom_chart_testing.values import minimal
from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence

CHART = Path("deploy/helm/postroom")
COMPOSE = Path("deploy/compose/compose.yaml")
PROCESSES = {"api": "api", "worker": "worker", "scheduler": "scheduler", "migration": "migrate"}
"""As the chart calls them, and as Compose does."""
PORTS = {"api": "POSTROOM_PORT", "worker": "POSTROOM_HEALTH_PORT", "scheduler": "POSTROOM_HEALTH_PORT"}

Process = Mapping[str, Any]


def read_compose() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return services


def read_chart() -> dict[str, dict[str, Any]]:
    """The containers that the chart asks for."""
    return {pod.container["name"]: pod.container for pod in pods_of(render(CHART, minimal()).documents)}


def command_in_chart(container: Process) -> list[str]:
    return [*container.get("command", []), *container.get("args", [])]


def command_in_compose(service: Process) -> list[str]:
    return [*service.get("entrypoint", []), *service.get("command", [])]


def find_unlike(chart: Mapping[str, Process], compose: Mapping[str, Process]) -> list[str]:
    """Processes that the two start by another command, or have answer on another port."""
    findings = []
    for name, service in PROCESSES.items():
        commands = command_in_chart(chart[name]), command_in_compose(compose[service])
        if commands[0] != commands[1]:
            findings.append(f"{name} is started by {commands[0]} in the chart, by {commands[1]} in Compose")
    for name, variable in PORTS.items():
        (port,) = chart[name]["ports"]
        ports = port["containerPort"], compose[name]["environment"][variable]
        if ports[0] != ports[1]:
            findings.append(f"{name} answers on {ports[0]} in the chart, on {ports[1]} in Compose")
    return findings


@proves("A cluster starts what one machine does: the chart and Compose give each process one command and one port.")
def test_the_chart_starts_what_compose_does(evidence: Evidence) -> None:
    chart = read_chart()

    for name in PROCESSES:
        ports = [port["containerPort"] for port in chart[name].get("ports", [])]
        evidence(f"{name}: {' '.join(command_in_chart(chart[name])) or 'its entry point'}, on {ports or 'no port'}")
    assert set(chart) == set(PROCESSES)
    assert find_unlike(chart, read_compose()) == []


@violates(test_the_chart_starts_what_compose_does, "another command, or another port, in the chart")
@pytest.mark.parametrize(
    ("name", "planted", "finding"),
    [
        ("api", {"command": ["/bin/sh"]}, "api is started by ['/bin/sh'] in the chart, by [] in Compose"),
        (
            "migration",
            {"args": ["now"]},
            "migration is started by ['/app/admin', 'now'] in the chart, by ['/app/admin', 'migrate'] in Compose",
        ),
        ("worker", {"ports": [{"containerPort": 9000}]}, "worker answers on 9000 in the chart, on 8081 in Compose"),
    ],
    ids=["command", "arguments", "port"],
)
def test_another_command_or_port_is_found(name: str, planted: Process, finding: str) -> None:
    chart = read_chart()
    chart[name] |= planted

    assert find_unlike(chart, read_compose()) == [finding]
