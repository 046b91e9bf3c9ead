"""The api as an operator runs it: a process with an environment, a port and a stdout."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from postroom_api_testing.exchange import Answer, exchange
from postroom_api_testing.running import MAIL
from postroom_database.engine import Database
from postroom_database.repositories import api_keys, workspaces
from postroom_domain.tokens import hash_token, new_token
from postroom_migrations.migrate import migrate
from postroom_testing.server import free_port, wait_until

_START_SECONDS = 30


class ApiProcess:
    """``python -m postroom_api.main``.

    Args:
        folder: where its output goes.
        environment: its variables, beside PATH and a free PORT.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self._stdout = folder / "stdout"
        self._stderr = folder / "stderr"
        given = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PORT": str(self.port),
            "POSTROOM_SECRET_KEY": "a-secret-of-the-tests-long-enough-to-be-one",
            "POSTROOM_VERIFIED_DOMAINS_ONLY": "false",
            "POSTROOM_RATE_LIMIT": "0",
        }
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "postroom_api.main"],
                env=given | dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
        self.token = ""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stdout(self) -> str:
        return self._stdout.read_text()

    @property
    def stderr(self) -> str:
        return self._stderr.read_text()

    def events(self) -> list[dict[str, Any]]:
        """Every line of stdout, as JSON."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    def __enter__(self) -> Self:
        try:
            wait_until(self._is_listening, seconds=_START_SECONDS, what="the api to listen")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> int:
        """The exit code."""
        return self._process.wait(seconds)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = {"authorization": f"Bearer {token or self.token}", "content-type": "application/json"}
        return exchange(self.port, method, path, body, sent | dict(headers or {}), timeout_seconds=60)

    def send(self, body: Any = None, **options: Any) -> Answer:
        return self.request("POST", "/emails", MAIL if body is None else body, **options)

    def _is_listening(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"the api ended with {self._process.returncode}:\n{self.stderr}")
        try:
            return self.request("GET", "/livez").status == http.client.OK
        except OSError:
            return False


def prepare(database_url: str) -> tuple[UUID, str]:
    """Make the tables, and a workspace with the token that opens it."""
    token = new_token()
    database = Database(database_url)
    migrate(database)
    with database.begin() as connection:
        workspace_id = workspaces.add(connection, "one")
        api_keys.add(connection, workspace_id=workspace_id, name="k", token_hash=hash_token(token))
    database.close()
    return workspace_id, token
