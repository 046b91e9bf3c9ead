import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pymysql
import pytest
from redis import Redis as Client
from redis.exceptions import RedisError

from postroom_testing import server as server_module
from postroom_testing.database_program import VARIABLE
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.server import Server, ServerError, find_binary, reserve_port, wait_until

SHORT_SECONDS = 0.5


def read(server: MariaDb, url: str, statement: str) -> tuple[tuple[object, ...], ...]:
    with server.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_database_is_new_and_utf8mb4(mariadb: MariaDb, mariadb_url: str) -> None:
    assert mariadb_url != mariadb.fresh_database()
    assert read(mariadb, mariadb_url, "SHOW TABLES") == ()
    assert read(mariadb, mariadb_url, "SELECT @@character_set_database") == (("utf8mb4",),)


def test_defaults_of_the_server_are_kept(mariadb: MariaDb, mariadb_url: str) -> None:
    megabytes = 64 if os.environ.get(VARIABLE) else 16

    assert read(mariadb, mariadb_url, "SELECT @@max_allowed_packet") == ((megabytes * 1024 * 1024,),)


def test_rows_survive_a_kill_when_durable() -> None:
    with MariaDb(durable=True, tcp=True) as server:
        url = server.fresh_database()
        assert f"127.0.0.1:{server.port}" in url
        read(server, url, "CREATE TABLE t (i INT)")
        read(server, url, "INSERT INTO t VALUES (1)")
        durability = read(server, url, "SELECT @@innodb_flush_log_at_trx_commit, @@sync_binlog, @@log_bin")
        assert durability == ((1, 1, 1),)
        server.kill()
        with pytest.raises(pymysql.err.OperationalError):
            server.connect(url)
        server.start()
        assert read(server, url, "SELECT i FROM t") == ((1,),)


def test_database_in_use_can_be_dropped(mariadb: MariaDb) -> None:
    url = mariadb.fresh_database()
    with mariadb.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (i INT)")
        connection.begin()
        cursor.execute("INSERT INTO t VALUES (1)")
        mariadb.drop_database(url)
    with pytest.raises(pymysql.err.OperationalError, match="Unknown database"):
        mariadb.connect(url)


def test_connections_to_a_database_can_be_cut(mariadb: MariaDb, mariadb_url: str) -> None:
    other = mariadb.fresh_database()
    with mariadb.connect(mariadb_url) as connection, mariadb.connect(other) as spared:
        mariadb.cut_connections(mariadb_url)
        with pytest.raises(pymysql.err.OperationalError):
            connection.ping(reconnect=False)
        spared.ping(reconnect=False)


def test_a_reserved_port_serves_its_server_again_and_nobody_else() -> None:
    reserved = reserve_port()
    address = reserved.getsockname()
    for _ in range(2):
        with socket.create_server(address), socket.create_connection(address):
            pass
    with socket.socket() as outgoing, pytest.raises(OSError, match="in use"):
        outgoing.bind(address)
    reserved.close()


def test_redis_is_empty(redis_url: str) -> None:
    with Client.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_redis_is_empty_again(redis_url: str) -> None:
    with Client.from_url(redis_url) as client:
        assert client.dbsize() == 0


def test_paused_redis_hangs_and_resumes(redis_server: Redis, redis_url: str) -> None:
    with Client.from_url(redis_url, socket_timeout=SHORT_SECONDS, retry=None) as client:
        redis_server.pause()
        with pytest.raises(RedisError):
            client.ping()
        redis_server.resume()
        assert client.ping()


def test_stopped_redis_keeps_its_data_and_port() -> None:
    with Redis(tcp=True) as server, Client.from_url(server.url, retry=None) as client:
        client.set("key", "value")
        server.stop()
        with pytest.raises(RedisError):
            client.ping()
        server.start()
        assert client.get("key") == b"value"


@pytest.mark.parametrize("name", ["Redis", "MariaDb"])
def test_nothing_stays_when_the_tests_are_killed(name: str) -> None:
    program = (
        f"import sys; sys.path[:0] = {[path for path in sys.path if path]!r}\n"
        f"from postroom_testing.{name.lower()} import {name} as Chosen\n"
        "server = Chosen(); server.start()\n"
        "print(server.pid, server.folder, flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as tests:
        assert tests.stdout is not None
        pid, folder = tests.stdout.readline().split()
        assert Path(folder).is_dir()
        tests.send_signal(signal.SIGKILL)
    wait_until(lambda: not is_process(pid), seconds=10, what="the server to end")
    wait_until(lambda: not Path(folder).exists(), seconds=10, what="the folder to go")


def is_process(pid: str) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_closed_server_leaves_no_folder() -> None:
    with Redis() as server:
        assert server.folder.is_dir()
    assert not server.folder.exists()
    server.close()


def test_missing_binary_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "DAEMON_FOLDERS", "")
    with pytest.raises(ServerError, match="Debian package some-package"):
        find_binary("no-such-daemon", package="some-package")


def test_server_that_does_not_start_shows_its_log() -> None:
    class Broken(Server):
        def command(self) -> list[str]:
            return ["/bin/sh", "-c", "echo the cause >&2; exit 1"]

        def answers(self) -> bool:
            return False

    broken = Broken("broken")
    with pytest.raises(ServerError, match="the cause"), broken:
        pass
    assert not broken.folder.exists()
