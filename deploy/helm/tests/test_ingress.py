"""The way in from outside."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from postroom_chart_testing.documents import Document
from postroom_chart_testing.rendering import render
from postroom_chart_testing.values import everything

ROOT = Path(__file__).parents[3]
INSIDE = {"/livez", "/readyz", "/metrics", "/version"}
UNDOCUMENTED = {"/docs", "/hooks", "/openapi.json"}


def _ingress(chart: Path, **values: Any) -> Document:
    return render(chart, everything() | {"ingress": everything()["ingress"] | values}).get("Ingress", "api")


def test_it_publishes_the_api_and_neither_metrics_nor_probes(chart: Path) -> None:
    document = json.loads((ROOT / "docs/reference/openapi.json").read_text("utf-8"))
    documented = {"/" + path.split("/")[1] for path in document["paths"]}
    (rule,) = _ingress(chart)["spec"]["rules"]
    published = {path["path"] for path in rule["http"]["paths"]}

    assert published == documented - INSIDE | UNDOCUMENTED


@pytest.mark.parametrize("page", ["deploy-aws", "deploy-kubernetes"])
def test_a_page_asks_from_outside_only_for_what_is_published(chart: Path, page: str) -> None:
    text = (ROOT / f"docs/how-to/{page}.md").read_text("utf-8")
    asked = set(re.findall(r"curl .*https://postroom\.example\.com(/[^/\s]*)", text))
    (rule,) = _ingress(chart)["spec"]["rules"]

    assert asked <= {path["path"] for path in rule["http"]["paths"]}
    assert asked or page == "deploy-kubernetes"


def test_it_leads_to_the_service_of_the_api(chart: Path) -> None:
    rendered = render(chart, everything())
    (rule,) = rendered.get("Ingress", "api")["spec"]["rules"]
    service = rendered.get("Service", "api")
    (port,) = service["spec"]["ports"]

    assert {json.dumps(path["backend"]) for path in rule["http"]["paths"]} == {
        json.dumps({"service": {"name": service["metadata"]["name"], "port": {"name": port["name"]}}})
    }
    assert service["spec"]["selector"] == rendered.get("Deployment", "api")["spec"]["selector"]["matchLabels"]


def test_nginx_lets_the_largest_email_through(chart: Path) -> None:
    size = "nginx.ingress.kubernetes.io/proxy-body-size"

    assert _ingress(chart, className="nginx")["metadata"]["annotations"][size] == "64m"
    assert size not in _ingress(chart, className="traefik")["metadata"]["annotations"]
    assert _ingress(chart, className="nginx", annotations={size: "8m"})["metadata"]["annotations"] == {size: "8m"}


def test_tls_comes_from_a_secret_that_exists(chart: Path) -> None:
    assert _ingress(chart)["spec"]["tls"] == [{"hosts": ["postroom.example.com"], "secretName": "postroom-tls"}]
    assert "tls" not in _ingress(chart, tlsSecret="")["spec"]
