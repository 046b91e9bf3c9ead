"""Writes what people read about the metrics, from the code that counts.

``python -m postroom_monitoring_testing.reference FOLDER`` writes the page into the repository at FOLDER (`make docs`).
"""

import sys
from pathlib import Path

from postroom_monitoring_testing.inventory import SERVICES, Metric, read_metrics

PAGE = Path("docs/reference/metrics.md")

_INTRODUCTION = """\
# Metrics

<!-- Generated from the services by `make docs`; do not edit. -->

Each process answers `GET /metrics` in Prometheus' text format: the api on its own port, worker and scheduler on
`POSTROOM_HEALTH_PORT`. Names of counters end in `_total`; a histogram has `_bucket`, `_sum` and `_count`, a summary
`_sum` and `_count`. What `prometheus_client` tells of every process (`process_*`, `python_*`) is there too.

No label holds an address, an id or anybody's own text: each has a few values, so the number of series does not grow
with mail, clients or time.

What the scheduler reads from the database is the same whichever scheduler reads it: take `max by (...)` of it, never
a sum. What a worker or an api counts is its own: sum it. Alerts and a dashboard are in `deploy/monitoring`
([watch Postroom](../how-to/watch-postroom.md)).
"""
_TITLES = {"api": "The api", "worker": "The worker", "scheduler": "The scheduler"}


def render(metrics: list[Metric]) -> str:
    parts = [_INTRODUCTION, _table("All three", [one for one in metrics if one.services == SERVICES])]
    parts += [_table(title, [one for one in metrics if one.services == (name,)]) for name, title in _TITLES.items()]
    return "\n".join(parts)


def _table(title: str, metrics: list[Metric]) -> str:
    lines = [f"## {title}", "", "| Metric | Type | Labels | Meaning |", "|---|---|---|---|"]
    for one in metrics:
        labels = ", ".join(f"`{label}`" for label in one.labels)
        lines.append(f"| `{one.shown_name}` | {one.type} | {labels} | {one.meaning} |")
    return "\n".join(lines) + "\n"


def main(folder: Path) -> None:
    (folder / PAGE).write_text(render(read_metrics()), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
