"""Every metric of the three services, read from where each declares its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

import postroom_api.metrics
import postroom_health.metrics
import postroom_scheduler.metrics
import postroom_worker.metrics

SERVICES = ("api", "worker", "scheduler")
_DECLARED: dict[str, ModuleType] = {
    "api": postroom_api.metrics,
    "worker": postroom_worker.metrics,
    "scheduler": postroom_scheduler.metrics,
}
_SHARED = postroom_health.metrics
_ENDINGS = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
    "summary": ("_sum", "_count"),
}
_OWN_LABELS = {"_bucket": ("le",)}
_PROCESS = ("process_", "python_")


@dataclass(frozen=True, slots=True)
class Metric:
    """Attributes: services are those that expose it."""

    name: str
    type: str
    labels: tuple[str, ...]
    meaning: str
    services: tuple[str, ...]

    @property
    def series(self) -> dict[str, frozenset[str]]:
        """The names that a query uses, and the labels of each."""
        return {
            self.name + ending: frozenset((*self.labels, *_OWN_LABELS.get(ending, ())))
            for ending in _ENDINGS[self.type]
        }

    @property
    def shown_name(self) -> str:
        return self.name + (_ENDINGS["counter"][0] if self.type == "counter" else "")


def read_metrics() -> list[Metric]:
    """Those of each service in the order of its code; the shared ones first."""
    found = list(_read(_SHARED, SERVICES))
    for service, module in _DECLARED.items():
        found += _read(module, (service,))
    return found


def read_series() -> dict[str, frozenset[str]]:
    """Every name that a query may use: ours, and those that prometheus_client tells of each process."""
    series = {name: labels for metric in read_metrics() for name, labels in metric.series.items()}
    for family in REGISTRY.collect():
        for sample in family.samples:
            if sample.name.startswith(_PROCESS):
                series[sample.name] = frozenset(sample.labels)
    return series


def _read(module: ModuleType, services: tuple[str, ...]) -> Iterator[Metric]:
    for declared in vars(module).values():
        if isinstance(declared, MetricWrapperBase):
            [family] = declared.describe()
            yield Metric(
                family.name,
                family.type,
                tuple(declared._labelnames),  # noqa: SLF001 - it tells them nowhere else before there is a series
                family.documentation,
                services,
            )
