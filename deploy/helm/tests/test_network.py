"""Who may talk to whom."""

from pathlib import Path

from postroom_chart_testing.hooks import find_hook_faults
from postroom_chart_testing.rendering import render
from postroom_chart_testing.values import everything, minimal


def test_only_who_is_named_reaches_a_pod(chart: Path) -> None:
    rendered = render(chart, minimal())
    let_in = {
        service: [
            peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
            for rule in rendered.get("NetworkPolicy", service)["spec"].get("ingress", [])
            for peer in rule["from"]
        ]
        for service in ("api", "worker", "scheduler", "migration")
    }

    assert let_in == {
        "api": ["ingress-nginx", "monitoring"],
        "worker": ["monitoring"],
        "scheduler": ["monitoring"],
        "migration": [],
    }


def test_nobody_named_is_nobody(chart: Path) -> None:
    rendered = render(chart, minimal() | {"networkPolicy": {"apiFrom": [], "metricsFrom": []}})

    for service in ("api", "worker", "scheduler"):
        assert "ingress" not in rendered.get("NetworkPolicy", service)["spec"]


def test_each_pod_reaches_only_what_it_uses(chart: Path) -> None:
    rendered = render(chart, everything())
    reached = {
        service: [
            port["port"] for rule in rendered.get("NetworkPolicy", service)["spec"]["egress"] for port in rule["ports"]
        ]
        for service in ("api", "worker", "scheduler", "migration")
    }

    assert reached == {
        "api": [53, 53, 3307, 6380, 443, 8443, 4318],
        "worker": [53, 53, 3307, 6380, 443, 8443, 587, 4318],
        "scheduler": [53, 53, 3307, 6380, 4318],
        "migration": [53, 53, 3307],
    }


def test_no_policy_is_made_where_the_cluster_has_others(chart: Path) -> None:
    rendered = render(chart, minimal() | {"networkPolicy": {"enabled": False}})

    assert rendered.find("NetworkPolicy") == []
    assert find_hook_faults(rendered.documents) == []
