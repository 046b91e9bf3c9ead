"""Metrics as Prometheus reads them. Whoever counts something declares it with prometheus_client, beside its code."""

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST

UP = Gauge(
    "postroom_backing_service_up",
    "Whether the backing service answered when it was asked last.",
    ["backing_service"],
)
BUILD = Gauge(
    "postroom_build_info", "Always 1: which build of which release runs.", ["component", "version", "release", "commit"]
)


def render_metrics() -> bytes:
    """Everything that this process has counted so far."""
    return generate_latest()
