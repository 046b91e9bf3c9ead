"""One api process with one of the intakes. Arguments: side, port, database URL, Redis URL."""

import sys

from postroom_api.app import create_app
from postroom_api.hinter import Hinter
from postroom_api.resources import Resources
from postroom_api.server import make_server
from postroom_api.terms import Terms
from postroom_benchmarks.sides import make_side
from postroom_database.engine import Database
from postroom_health.backing_service import BackingService
from postroom_health.stopping import Stopping
from postroom_jobs.broker import open_broker
from postroom_jobs.hints import Hints
from postroom_logging.setup import configure

_ALL_THE_HINTS = 10**9
"""No worker consumes here, and no side should pay for a full window."""

_DRAIN_SECONDS = 5.0
_TERMS = Terms(
    transport="ses",
    region="eu-west-1",
    secrets=("a secret of the benchmark, long enough to be one",),
    public_url=None,
    requests_per_second=1_000_000,
    verified_only=False,
    reachable=(),
)
"""Requests are counted as in production, up to a limit that is never reached."""


def main() -> None:
    sys.setswitchinterval(0.0005)  # as the api itself does
    side, port, database_url, redis_url = sys.argv[1:]
    stopping = Stopping(_DRAIN_SECONDS)
    configure(service="api", release="benchmark", level="info", format="json", buffer_lines=10_000)
    database = Database(database_url, pool_size=40, timeout_seconds=30)
    hinter = Hinter(database, Hints(open_broker(redis_url, timeout_seconds=2), _ALL_THE_HINTS))
    intake = make_side(side, database, hinter)

    resources = Resources(database, redis_url, hinter, intake, _TERMS, BackingService("redis"))
    app = create_app(resources, operations=[], remaining_seconds=stopping.remaining_seconds)
    make_server(app, host="127.0.0.1", port=int(port), drain_seconds=_DRAIN_SECONDS, stop_asked=stopping.asked).run()


if __name__ == "__main__":
    main()
