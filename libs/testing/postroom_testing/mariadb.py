import os
import pwd
import socket
import subprocess
import uuid
from urllib.parse import parse_qs, urlsplit

import pymysql

from postroom_testing.database_program import find_program
from postroom_testing.server import Server, ServerError

# Settings not named here keep the server's own defaults, because users run with those (max_allowed_packet
# above all).
FAST = ("--innodb-flush-log-at-trx-commit=0", "--skip-log-bin")
DURABLE = ("--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1", "--log-bin=binlog", "--server-id=1")


class MariaDb(Server):
    """A private MariaDB, or the MySQL that POSTROOM_TEST_MYSQLD names.

    It listens on a unix socket, with `tcp` on a loopback port as well.

    Args:
        tcp: listen on 127.0.0.1 too, and give URLs that go there. The port stays the same over restarts.
        durable: every commit reaches the disk, binary log on, as in production; else as fast as tests want
        it.
    """

    def __init__(self, *, tcp: bool = False, durable: bool = False) -> None:
        self._program = find_program()
        super().__init__("db")
        self.port = self.reserve_port() if tcp else None
        self._durability = DURABLE if durable else FAST
        self._data = self.folder / "data"
        self._socket = self.folder / "s"
        self._user = pwd.getpwuid(os.getuid()).pw_name
        self._install()

    def command(self) -> list[str]:
        network = ["--skip-networking"]
        if self.port is not None:
            network = ["--bind-address=127.0.0.1", f"--port={self.port}"]
        return [
            self._program.server,
            "--no-defaults",
            f"--user={self._user}",
            f"--datadir={self._data}",
            # A starting server clears its folder for temporary tables: of others' tables too, were it /tmp.
            f"--tmpdir={self.folder}",
            f"--socket={self._socket}",
            f"--pid-file={self.folder / 'pid'}",
            *network,
            *self._program.server_options,
            *self._durability,
        ]

    def answers(self) -> bool:
        # Asked first, because PyMySQL leaves a socket open that it could not connect.
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(self._socket)) != 0:
                return False
        try:
            self._execute("SELECT 1")
        except pymysql.err.OperationalError:
            return False
        return True

    def url_of(self, database: str) -> str:
        if self.port is not None:
            return f"mysql+pymysql://root@127.0.0.1:{self.port}/{database}"
        return f"mysql+pymysql://root@localhost/{database}?unix_socket={self._socket}"

    def fresh_database(self) -> str:
        """Create an empty database with a new name; return its URL."""
        name = f"test_{uuid.uuid4().hex}"
        self._execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return self.url_of(name)

    def drop_database(self, url: str) -> None:
        """Drop it, ending the connections that would block this."""
        self.cut_connections(url)
        self._execute(f"DROP DATABASE IF EXISTS {_name_of(url)}")

    def cut_connections(self, url: str) -> None:
        """End all connections to a database, whatever they are doing."""
        connections = self._execute("SELECT id FROM information_schema.processlist WHERE db = %s", _name_of(url))
        for (connection,) in connections:
            self._execute("KILL CONNECTION %s", connection, ignore=pymysql.constants.ER.NO_SUCH_THREAD)

    def connect(self, url: str) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        """Open a plain PyMySQL connection to a database of `fresh_database`, autocommit on."""
        parts = urlsplit(url)
        return pymysql.connect(
            user="root",
            host=parts.hostname or "localhost",
            port=parts.port or 0,
            database=parts.path.removeprefix("/"),
            unix_socket=parse_qs(parts.query).get("unix_socket", [None])[0],
            charset="utf8mb4",
            autocommit=True,
        )

    def _execute(self, statement: str, *arguments: object, ignore: int | None = None) -> tuple[tuple[object, ...], ...]:
        connection = pymysql.connect(user="root", unix_socket=str(self._socket), charset="utf8mb4", connect_timeout=5)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, arguments)
                return cursor.fetchall()
        except pymysql.err.OperationalError as error:
            if error.args[0] != ignore:
                raise
            return ()
        finally:
            connection.close()

    def _install(self) -> None:
        done = subprocess.run(  # noqa: S603 - found by find_program
            [
                self._program.installer,
                "--no-defaults",
                f"--user={self._user}",
                f"--datadir={self._data}",
                *self._program.installer_options,
                f"--tmpdir={self.folder}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            self.close()
            raise ServerError(f"{self._program.installer} failed:\n{done.stdout}\n{done.stderr}")


def _name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")
