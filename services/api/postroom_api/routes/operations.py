"""What an orchestrator and an operator ask: alive, ready, measured, which build."""

import msgspec
from litestar import Response, Router, get
from litestar.openapi.datastructures import ResponseSpec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from postroom_health.checks import Readiness, Report


class Version(msgspec.Struct, frozen=True):
    service: str
    version: str
    release: str
    commit: str


def operations_routes(readiness: Readiness, version: Version) -> Router:
    @get("/livez", summary="Whether the process makes progress")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}  # answered on the event loop that every request needs

    @get(
        "/readyz",
        responses={
            200: ResponseSpec(Report, description="Every service that is needed answers."),
            503: ResponseSpec(Report, description="One of them does not."),
        },
        summary="Which backing services answer, and since when",
        sync_to_thread=True,
    )
    def readyz() -> Response[bytes]:
        report = readiness.report()
        return Response(
            msgspec.json.encode(report),
            status_code=200 if report.ready else 503,
            media_type="application/json",
        )

    @get(
        "/metrics",
        responses={200: ResponseSpec(str, description="Metrics.", media_type="text/plain")},
        summary="Metrics in Prometheus' text format",
        sync_to_thread=True,
    )
    def metrics() -> Response[bytes]:
        return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})

    @get("/version", summary="Which build of which release answers")
    async def show_version() -> Version:
        return version

    return Router("/", route_handlers=[livez, readyz, metrics, show_version], tags=["Operations"])
