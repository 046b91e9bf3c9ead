"""The api as clients meet it: HTTP on a port, over a real database and a real Redis."""

import threading
import time
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any, Self
from uuid import UUID

from litestar import Router

from postroom_api.app import create_app
from postroom_api.hinter import Hinter
from postroom_api.intake import GroupIntake
from postroom_api.resources import Resources
from postroom_api.routes.inbox import inbox_routes
from postroom_api.routes.operations import Version, operations_routes
from postroom_api.server import make_server
from postroom_api.terms import Terms
from postroom_api_testing.exchange import Answer, exchange
from postroom_database.engine import Database
from postroom_database.repositories import api_keys, workspaces
from postroom_domain.tokens import hash_token, new_token
from postroom_health.backing_service import BackingService
from postroom_health.checks import Check, Readiness
from postroom_jobs.broker import open_broker
from postroom_jobs.hints import Hints

MAIL = {
    "from": "Sender <from@example.com>",
    "to": "to@example.com",
    "subject": "Hello",
    "html": "<p>Hi</p>",
    "text": "Hi",
}

TERMS = Terms(
    transport="inbox",
    region=None,
    secrets=("a secret of the tests, long enough to be one",),
    public_url=None,
    requests_per_second=0,
    verified_only=False,
    reachable=(ip_network("127.0.0.0/8"), ip_network("::1/128")),
)
"""As the embedded default has them."""


class RunningApi:
    """One api process's worth of objects, in this process.

    Args:
        database_url: one of this release; what is there is kept, so that two of these can share it.
        redis_url: where hints go.
        workspace: the name of the workspace that is made for it.
        terms: what its operator decided.
        hooks: the routes of providers' hooks, where it has some.

    Attributes:
        database: the one that the api uses.
        workspace_id, token: a workspace and a key that opens it.
        app: what is served.
    """

    def __init__(
        self,
        database_url: str,
        redis_url: str,
        *,
        workspace: str = "one",
        terms: Terms = TERMS,
        hooks: Callable[[Database, Hinter], Router] | None = None,
    ) -> None:
        services = {name: BackingService(name) for name in ("database", "redis")}
        self.database = Database(database_url, pool_size=8, timeout_seconds=3, note=services["database"].note)
        self.hints = Hints(open_broker(redis_url, timeout_seconds=0.3, note=services["redis"].note), 20_000)
        self.hinter = Hinter(self.database, self.hints)
        self.intake = GroupIntake(self.database, self.hinter)
        readiness = Readiness(
            [
                Check(services["database"], self.database.check, required=True),
                Check(services["redis"], self.hints.check, required=False),
            ]
        )

        self.resources = Resources(self.database, redis_url, self.hinter, self.intake, terms, services["redis"])
        self.app = create_app(
            self.resources,
            operations=[
                operations_routes(readiness, Version("api", "0", "test", "none")),
                inbox_routes(self.database, exposed=False),
                *([hooks(self.database, self.hinter)] if hooks else []),
            ],
            remaining_seconds=lambda: 5.0,
        )
        self._server = make_server(self.app, host="127.0.0.1", port=0, drain_seconds=5)
        self._thread = threading.Thread(target=self._server.run)
        self.workspace_id, self.token = self.add_workspace(workspace)

    def add_workspace(self, name: str) -> tuple[UUID, str]:
        token = new_token()
        with self.database.begin() as connection:
            workspace_id = workspaces.add(connection, name)
            api_keys.add(connection, workspace_id=workspace_id, name="k", token_hash=hash_token(token))
        return workspace_id, token

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise TimeoutError("the api did not start")
            time.sleep(0.005)
        self.port: int = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self.database.close()

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = "",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one request; ``body`` is sent as JSON, or as it is when it is bytes."""
        sent = {"content-type": "application/json"} | (headers or {})
        if token is not None:
            sent["authorization"] = f"Bearer {token or self.token}"
        return exchange(self.port, method, path, body, sent, timeout_seconds=30)

    def send(self, body: Any = None, **options: Any) -> Answer:
        return self.request("POST", "/emails", MAIL if body is None else body, **options)
