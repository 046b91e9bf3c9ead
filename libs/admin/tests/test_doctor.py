import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis as Client
from sqlalchemy import text

from postroom_database.engine import Database
from postroom_migrations.migrate import head
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.smtp import SmtpServer

PASSWORD = "hunter2secret"
NOWHERE = {
    "database": ("POSTROOM_DATABASE_URL", f"mysql+pymysql://root:{PASSWORD}@127.0.0.1:1/x"),
    "redis": ("POSTROOM_REDIS_URL", f"redis://user:{PASSWORD}@127.0.0.1:1/0"),
    "mail": ("POSTROOM_MAIL_URL", f"smtp://user:{PASSWORD}@127.0.0.1:1"),
}


@pytest.fixture(autouse=True)
def _no_secret_is_ever_printed(admin: Any) -> Iterator[None]:
    yield
    assert PASSWORD not in "".join(admin.said)


def marks(output: str) -> dict[str, str]:
    """The mark of each resource, from the lines that begin with one."""
    return {found[2]: found[1] for found in re.finditer(r"(?m)^(ok|warn|FAIL) +(\w+) ", output)}


def test_all_is_well(admin: Any) -> None:
    done = admin("doctor")
    assert done.exit_code == 0
    assert re.fullmatch(
        rf"ok    database  \d\S+, schema {head()} \(\d+ ms\)\n"
        r"ok    redis     Redis \d+\.\d+\.\d+ \(\d+ ms\)\n"
        r"ok    mail      inbox: mail is captured, none is sent \(\d+ ms\)\n",
        done.stdout,
    )


@pytest.mark.parametrize("name", NOWHERE)
def test_what_is_away_is_told_beside_what_is_not(admin: Any, name: str) -> None:
    variable, url = NOWHERE[name]
    admin.environment[variable] = url
    done = admin("doctor")
    assert done.exit_code == 1
    assert marks(done.stdout) == {"database": "ok", "redis": "ok", "mail": "ok"} | {name: "FAIL"}
    assert "refused" in done.stdout
    assert f"to mend it: check {variable}" in done.stdout


def test_servers_that_hang_are_given_up(
    admin: Any, mariadb: MariaDb, redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postroom_admin.doctor._SECONDS", 1.0)
    mariadb.pause()
    redis_server.pause()
    try:
        done = admin("doctor")
    finally:
        mariadb.resume()
        redis_server.resume()
    assert done.exit_code == 1
    assert marks(done.stdout) == {"database": "FAIL", "redis": "FAIL", "mail": "ok"}


def test_a_password_that_the_database_refuses_is_said_without_it(admin: Any, migrated_url: str) -> None:
    admin.environment["POSTROOM_DATABASE_URL"] = migrated_url.replace("root@", f"root:{PASSWORD}@")
    done = admin("doctor")
    assert done.exit_code == 1
    assert "FAIL  database  Access denied for user 'root'" in done.stdout


def test_a_schema_of_an_earlier_release_is_a_finding(admin: Any, migrated_url: str) -> None:
    database = Database(migrated_url)
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0004'"))
    database.close()
    done = admin("doctor")
    assert done.exit_code == 1
    assert marks(done.stdout) == {"database": "warn", "redis": "ok", "mail": "ok"}
    assert f"the schema is at 0004; this release needs {head()}; to mend it: run `migrate`\n" in done.stdout


def test_a_redis_that_drops_keys_is_a_finding(admin: Any, redis_url: str) -> None:
    with Client.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            done = admin("doctor")
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert done.exit_code == 1
    assert marks(done.stdout) == {"database": "ok", "redis": "warn", "mail": "ok"}
    assert "maxmemory-policy is allkeys-lru" in done.stdout


def test_a_mail_server_is_asked(admin: Any, smtp_server: SmtpServer) -> None:
    admin.environment["POSTROOM_MAIL_URL"] = smtp_server.mail_url()
    done = admin("doctor")
    assert (done.exit_code, marks(done.stdout)["mail"]) == (0, "ok")


def test_programs_are_told_one_object_for_each_resource(admin: Any) -> None:
    admin.environment["POSTROOM_REDIS_URL"] = NOWHERE["redis"][1]
    done = admin("doctor", "--json")
    assert done.exit_code == 1
    database, redis, mail = map(json.loads, done.stdout.splitlines())
    assert (database["resource"], database["state"], database["findings"]) == ("database", "ok", [])
    assert (mail["resource"], mail["state"], mail["about"]) == ("mail", "ok", "inbox: mail is captured, none is sent")
    [finding] = redis["findings"]
    assert (redis["state"], finding["mend"]) == ("fail", "check POSTROOM_REDIS_URL, and that the server runs")
    assert redis["milliseconds"] >= 0
