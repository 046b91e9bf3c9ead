"""What the runner needs of a service, and no more. Its file is copied to be api, worker, scheduler and admin."""

import json
import os
import signal
import sqlite3
import sys
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME = Path(__file__).parent.name.removeprefix("postroom_")
NOTES = Path(os.environ["TINY_NOTES"])


def note(what: str) -> None:
    with (NOTES / "order").open("a") as order:
        order.write(f"{NAME} {what}\n")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def make_database(url: str) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT)")


def main() -> None:
    note("started")
    variables = {key: value for key, value in os.environ.items() if key.startswith("POSTROOM_")}
    (NOTES / f"{NAME}.json").write_text(json.dumps({"pid": os.getpid(), "variables": variables}))
    if os.environ.get("TINY_REFUSES") == NAME:
        sys.exit(78)
    if NAME == "admin":
        make_database(variables["POSTROOM_DATABASE_URL"])
        sys.exit(0)
    port = os.environ.get("PORT", "") if NAME == "api" else variables["POSTROOM_HEALTH_PORT"]
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    redis = Path(variables["POSTROOM_REDIS_URL"].removeprefix("unix://"))
    note("ended with redis" if redis.exists() else "ended without redis")


if __name__ == "__main__":
    main()
