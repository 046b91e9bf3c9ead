"""Metrics as Prometheus reads them. Whoever counts something declares it with prometheus_client, beside its code."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST


def render_metrics() -> bytes:
    """Everything that this process has counted so far."""
    return generate_latest()
