import http.client
import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from postroom_api_testing.process import ApiProcess, prepare
from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL
from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.repositories import api_keys
from postroom_database.schema import REVISION
from postroom_domain.tokens import DEVELOPMENT_KEY, hash_token
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.server import wait_until

SMTP = "smtp://127.0.0.1:1"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested is that it is refused


@pytest.fixture
def environment(mariadb_url: str, redis_url: str) -> dict[str, str]:
    """What the process needs, beside a port."""
    return {
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_MAIL_URL": SMTP,
        "POSTROOM_RELEASE": "r7",
        "POSTROOM_COMMIT": "abc123",
        "POSTROOM_LOG_LEVEL": "debug",
    }


def stored(url: str) -> int:
    database = Database(url)
    with database.read() as connection:
        count = int(connection.execute(select(func.count()).select_from(Email)).scalar_one())
    database.close()
    return count


def test_what_operators_ask_is_answered(environment: dict[str, str], tmp_path: Path, redis_server: Redis) -> None:
    _, token = prepare(environment["POSTROOM_DATABASE_URL"])
    with ApiProcess(tmp_path, environment) as api:
        api.token = token
        assert api.request("GET", "/livez").json() == {"status": "alive"}
        assert ready(api) == (200, {"database": "up", "redis": "up", "schema": "up"})
        assert api.request("GET", "/readyz").json()["ready"] is True
        version = api.request("GET", "/version").json()
        assert (version["service"], version["release"], version["commit"]) == ("api", "r7", "abc123")
        assert api.send().status == 200
        assert api.request("POST", "/emails/batch", [MAIL] * 3).status == 200
        metrics = api.request("GET", "/metrics")
        assert metrics.headers["content-type"].startswith("text/plain")
        assert 'postroom_emails_accepted_total{lane="interactive",transport="smtp"} 1.0' in metrics.body.decode()
        assert 'postroom_emails_accepted_total{lane="bulk",transport="smtp"} 3.0' in metrics.body.decode()
        assert api.request("GET", "/inbox").status == 404
        api.terminate()
        assert api.wait(10) == 0
    events = api.events()
    assert [events[0]["event"], events[-1]["event"]] == ["service.started", "service.stopped"]
    assert {(event["service"], event["release"]) for event in events} == {("api", "r7")}
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", event["event"]) for event in events)
    assert api.stderr == ""


def test_no_accepted_request_fails_when_it_is_told_to_stop(environment: dict[str, str], tmp_path: Path) -> None:
    _, token = prepare(environment["POSTROOM_DATABASE_URL"])
    answered = [0]
    lock = threading.Lock()

    with ApiProcess(tmp_path, environment) as api:
        api.token = token

        def run() -> None:
            while True:
                try:
                    answer = api.send()
                except (ConnectionError, http.client.RemoteDisconnected):
                    return
                assert answer.status == 200
                with lock:
                    answered[0] += 1

        with ThreadPoolExecutor(12) as pool:
            running = [pool.submit(run) for _ in range(12)]
            while answered[0] < 100:
                assert not any(r.done() for r in running)
                time.sleep(0.005)
            api.terminate()
            for r in running:
                r.result(30)
        assert api.wait(10) == 0
    assert answered[0] >= 100
    assert stored(environment["POSTROOM_DATABASE_URL"]) == answered[0]


def test_what_is_in_flight_is_stored_and_answered_before_the_end(environment: dict[str, str], tmp_path: Path) -> None:
    _, token = prepare(environment["POSTROOM_DATABASE_URL"])
    database = Database(environment["POSTROOM_DATABASE_URL"])
    with ApiProcess(tmp_path, environment) as api, ThreadPoolExecutor(8) as pool:
        api.token = token
        assert api.send().status == 200
        with database.engine.connect() as connection:
            connection.execute(text("LOCK TABLES emails READ"))
            waiting = [pool.submit(api.send) for _ in range(8)]
            blocked = text(
                "SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for table metadata%'"
            )
            deadline = time.monotonic() + 10
            while not connection.execute(blocked).scalar_one():
                assert time.monotonic() < deadline
            api.terminate()
            with pytest.raises(TimeoutError):
                waiting[0].result(0.3)
            connection.execute(text("UNLOCK TABLES"))
        assert [answer.result(10).status for answer in waiting] == [200] * 8
        assert api.wait(10) == 0
    database.close()
    assert stored(environment["POSTROOM_DATABASE_URL"]) == 9


def test_a_hanging_database_does_not_outlast_the_drain_time(
    environment: dict[str, str], tmp_path: Path, mariadb: MariaDb
) -> None:
    _, token = prepare(environment["POSTROOM_DATABASE_URL"])
    with ApiProcess(tmp_path, environment | {"POSTROOM_DRAIN_SECONDS": "3"}) as api, ThreadPoolExecutor(4) as pool:
        api.token = token
        assert api.send().status == 200
        mariadb.pause()
        waiting = [pool.submit(api.send) for _ in range(4)]
        with pytest.raises(TimeoutError):
            waiting[0].result(0.3)
        started = time.monotonic()
        api.terminate()
        api.wait(20)
        assert time.monotonic() - started < 4
        mariadb.resume()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"POSTROOM_DATABASE_URL": ""}, "POSTROOM_DATABASE_URL"),
        ({"POSTROOM_DATABASE_URL": "oracle://user:hidden@db/x"}, "POSTROOM_DATABASE_URL"),
        ({"POSTROOM_DATABSE_URL": "hidden"}, "POSTROOM_DATABSE_URL"),
        ({"PORT": "hidden"}, "PORT"),
        ({"POSTROOM_MAIL_URL": "inbox:", "POSTROOM_HOST": EVERYWHERE}, "POSTROOM_INBOX_EXPOSED"),
        ({"POSTROOM_SECRET_KEY": "an-example-that-everybody-knows-0000"}, "POSTROOM_SECRET_KEY: contradiction"),
    ],
)
def test_a_wrong_setting_stops_the_start(changes: dict[str, str], named: str, tmp_path: Path) -> None:
    environment = {
        "POSTROOM_DATABASE_URL": f"sqlite:///{tmp_path / 'x.db'}",
        "POSTROOM_REDIS_URL": "redis://127.0.0.1:1",
        "POSTROOM_MAIL_URL": SMTP,
    }
    api = ApiProcess(tmp_path, environment | changes)
    assert api.wait(20) == 78
    assert named in api.stderr
    assert "hidden" not in api.stderr
    assert api.stdout == ""


def test_the_inbox_can_be_exposed_on_purpose(environment: dict[str, str], tmp_path: Path) -> None:
    prepare(environment["POSTROOM_DATABASE_URL"])
    inbox = {"POSTROOM_MAIL_URL": "inbox:", "POSTROOM_HOST": EVERYWHERE, "POSTROOM_INBOX_EXPOSED": "true"}
    with ApiProcess(tmp_path, environment | inbox) as api:
        assert api.request("GET", "/inbox/messages", headers={"host": "inbox.example.com"}).status == 200


@pytest.fixture
def own_url(mariadb: MariaDb) -> Iterator[str]:
    """A database whose schema may be changed."""
    url = mariadb.fresh_database()
    prepare(url)
    yield url
    mariadb.drop_database(url)


def test_it_is_ready_on_a_schema_that_serves_it(environment: dict[str, str], tmp_path: Path, own_url: str) -> None:
    with ApiProcess(tmp_path, environment | {"POSTROOM_DATABASE_URL": own_url}) as api:
        for statement, status, schema in (
            ("UPDATE alembic_version SET version_num = '0004'", 503, "down"),
            ("UPDATE alembic_version SET version_num = '9998'", 200, "up"),
            ("UPDATE served_releases SET oldest = '9998'", 503, "down"),
        ):
            change(own_url, statement)
            wait_until(lambda status=status: ready(api)[0] == status, seconds=5, what=statement)  # type: ignore[misc]  # bound per statement
            assert ready(api) == (status, {"database": "up", "redis": "up", "schema": schema})
        api.terminate()
        assert api.wait(10) == 0
    told = [event for event in api.events() if event["event"] in {"service.went_down", "service.came_up"}]
    assert [(event["event"], event["backing_service"], event.get("reason")) for event in told] == [
        ("service.went_down", "schema", f"the schema is at 0004; this release needs {REVISION}"),
        ("service.came_up", "schema", None),
        (
            "service.went_down",
            "schema",
            f"the schema is at 9998 and serves no release older than 9998; this release is {REVISION}",
        ),
    ]


def change(url: str, statement: str) -> None:
    database = Database(url)
    with database.begin() as connection:
        connection.execute(text(statement))
    database.close()


def ready(api: ApiProcess) -> tuple[int, dict[str, str]]:
    answer = api.request("GET", "/readyz")
    return answer.status, {name: service["status"] for name, service in answer.json()["services"].items()}


@pytest.mark.parametrize("mail", [SMTP, "inbox:"])
def test_the_development_key_opens_only_an_inbox(environment: dict[str, str], tmp_path: Path, mail: str) -> None:
    workspace_id, _ = prepare(environment["POSTROOM_DATABASE_URL"])
    database = Database(environment["POSTROOM_DATABASE_URL"])
    with database.begin() as connection:
        api_keys.add(connection, workspace_id=workspace_id, name="dev", token_hash=hash_token(DEVELOPMENT_KEY))
    database.close()
    with ApiProcess(tmp_path, environment | {"POSTROOM_MAIL_URL": mail}) as api:
        answer = api.send(token=DEVELOPMENT_KEY)
        if mail == "inbox:":
            assert answer.status == 200
        else:
            expect_refusal(answer, 403, "invalid_api_key")


def test_nothing_private_is_logged(environment: dict[str, str], tmp_path: Path, mariadb: MariaDb) -> None:
    _, token = prepare(environment["POSTROOM_DATABASE_URL"])
    address, subject, key = "planted.address@private.example", "Planted subject", "planted-idempotency-key"
    mail = MAIL | {"from": f"Planted Name <{address}>", "to": address, "subject": subject, "html": "Planted body"}
    with ApiProcess(tmp_path, environment) as api:
        api.token = token
        named = {"idempotency-key": key}
        assert api.send(mail, headers=named).status == 200
        assert api.send(mail | {"subject": f"{subject} again"}, headers=named).status == 409
        assert api.send(mail | {"to": f"{address} {subject}"}).status == 422
        assert api.send(json.dumps(mail)[:-1].encode()).status == 400
        assert api.send(token="re_planted_token").status == 403
        for path in (f"/contacts/{address}", f"/emails/{address}", f"/emails?after={address}", f"/{token}/x"):
            assert 400 <= api.request("GET", path).status < 500
        mariadb.stop()
        assert api.send(mail, headers=named).status == 503
        mariadb.start()
        api.terminate()
        assert api.wait(10) == 0
    assert len(api.events()) > 8
    private = (address, "planted.address", "private.example", subject, "Planted", key, "planted", token)
    assert [secret for secret in private if secret in api.stdout] == []
    assert api.stderr == ""
