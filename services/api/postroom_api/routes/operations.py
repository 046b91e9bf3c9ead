"""What an orchestrator and an operator ask: alive, ready, measured, which build."""

import msgspec
from litestar import Response, Router, get
from litestar.openapi.datastructures import ResponseSpec

from postroom_health.checks import Readiness, Report
from postroom_health.metrics import BUILD, CONTENT_TYPE, render_metrics


class Version(msgspec.Struct, frozen=True):
    service: str
    version: str
    release: str
    commit: str


def operations_routes(readiness: Readiness, version: Version) -> Router:
    BUILD.labels(version.service, version.version, version.release, version.commit).set(1)

    @get("/livez", summary="Whether the process makes progress")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}  # answered on the event loop that every request needs

    @get(
        "/readyz",
        responses={
            200: ResponseSpec(Report, description="Every service that is needed answers.", generate_examples=False),
            503: ResponseSpec(Report, description="One of them does not.", generate_examples=False),
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
        responses={200: ResponseSpec(str, description="Metrics.", media_type="text/plain", generate_examples=False)},
        summary="Metrics in Prometheus' text format",
        sync_to_thread=True,
    )
    def metrics() -> Response[bytes]:
        return Response(render_metrics(), headers={"content-type": CONTENT_TYPE})

    @get("/version", summary="Which build of which release answers")
    async def show_version() -> Version:
        return version

    return Router("/", route_handlers=[livez, readyz, metrics, show_version], tags=["Operations"])
