"""The expressions of the alert rules and of the dashboard, by where they stand."""

import json
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path("deploy/monitoring")
ALERTS, DASHBOARD = FOLDER / "alerts.yaml", FOLDER / "dashboard.json"
# Grafana's own, as long as what it becomes for a panel of hours.
_INTERVAL = ("$__rate_interval", "5m")


def read_alerts(root: Path) -> list[dict[str, Any]]:
    document = yaml.safe_load((root / ALERTS).read_text(encoding="utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def read_panels(root: Path) -> list[dict[str, Any]]:
    document = json.loads((root / DASHBOARD).read_text(encoding="utf-8"))
    return [panel for panel in document["panels"] if panel["type"] != "row"]


def read_expressions(root: Path) -> dict[str, str]:
    found = {rule["alert"]: rule["expr"] for rule in read_alerts(root)}
    for panel in read_panels(root):
        for target in panel["targets"]:
            found[f"{panel['title']}, {target['refId']}"] = target["expr"].replace(*_INTERVAL)
    return found
