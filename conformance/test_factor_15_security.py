import base64
import functools
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import Engine, create_engine, make_url, text
from svix.webhooks import Webhook, WebhookVerificationError

from postroom_api_testing.exchange import Answer, exchange
from postroom_conformance.answers import post
from postroom_conformance.at_rest import find_in_database, find_in_redis
from postroom_conformance.claims import proves, violates
from postroom_conformance.doors import (
    Ask,
    bearer,
    closed_operations,
    find_leaks,
    find_open_doors,
    find_rights,
)
from postroom_conformance.fixtures import Evidence
from postroom_conformance.liar import Liar
from postroom_conformance.privileges import find_privileges_of
from postroom_images_testing.container import Container
from postroom_images_testing.one_off import PYTHON
from postroom_images_testing.stack import SERVICES, Stack
from postroom_testing.webhook_receiver import Received, WebhookReceiver

CLOSED = closed_operations(json.loads((Path(__file__).parents[1] / "docs/reference/openapi.json").read_text("utf-8")))
MAIL = {"from": "from@example.com", "to": "to@example.com", "subject": "s", "text": "t"}
LATER = MAIL | {"scheduled_at": "in 1 hour"}
SCHEDULE = {"name": "weekly", "cron": "0 9 * * MON", "timezone": "UTC", "email": MAIL}
REDIS_PORT = 6379
DATABASE_PORT = 3306


@pytest.fixture(scope="module")
def ask(stack: Stack) -> Ask:
    host, port = stack.address("api")
    return functools.partial(ask_at, host, port)


def ask_at(host: str, port: int, method: str, path: str, headers: Mapping[str, str]) -> Answer:
    # A body that no operation takes: what is refused here is refused before anybody reads it.
    body = b"{}" if method in {"POST", "PATCH"} else None
    sent = {"content-type": "application/json", **headers}
    return exchange(port, method, path, body, sent, timeout_seconds=30, host=host)


Make = Callable[[str, Mapping[str, Any]], Any]


@pytest.fixture(scope="module")
def owner(stack: Stack) -> str:
    """The key of a workspace of these tests."""
    return stack.new_key("security")


@pytest.fixture(scope="module")
def make(stack: Stack, owner: str) -> Make:
    """Makes something of that workspace; the api's answer."""

    def make_one(path: str, body: Mapping[str, Any]) -> Any:
        answer = post(stack, path, body, owner)
        assert answer.status in {200, 201}, answer
        return answer.json()

    return make_one


@proves("Without a key, and with one that is unknown, malformed or revoked, no operation that needs one answers.")
def test_nobody_enters_without_a_key(stack: Stack, ask: Ask, make: Make, evidence: Evidence) -> None:
    revoked = make("/api-keys", {"name": "revoked"})
    # Used once: whoever remembers keys remembers it.
    assert ask("GET", "/emails", bearer(revoked["token"])).status == 200
    stack.admin("key", "revoke", "--workspace", "security", "--yes", revoked["id"])
    stack.wait_until(lambda: ask("GET", "/emails", bearer(revoked["token"])).status != 200, "the key to be refused")
    strangers = {
        "without a key": {},
        "with an unknown key": bearer(f"re_{secrets.token_hex(32)}"),
        "with a malformed key": {"authorization": "Basic re_"},
        "with a revoked key": bearer(revoked["token"]),
    }
    evidence(f"{len(CLOSED)} operations, tried {', '.join(strangers)}: all answer 401 or 403")
    assert find_open_doors(ask, CLOSED, strangers) == []
    assert len(CLOSED) > 40


@violates(test_nobody_enters_without_a_key, "an api that forgets to ask for the key in one operation")
def test_an_open_door_is_found() -> None:
    with Liar({("GET", "/emails"): {"data": []}}) as liar:
        found = find_open_doors(
            functools.partial(ask_at, "127.0.0.1", liar.port), [("GET", "/emails")], {"without a key": {}}
        )
    assert found == ["GET /emails without a key: 200"]


@proves("A key of `sending_access` may send, and nothing else.")
def test_a_sending_key_only_sends(ask: Ask, make: Make, evidence: Evidence) -> None:
    key = make("/api-keys", {"name": "sends", "permission": "sending_access"})["token"]

    rights = find_rights(ask, CLOSED, key)
    evidence(f"of {len(CLOSED)} operations it is not refused {', '.join(rights)}")
    assert rights == ["POST /emails", "POST /emails/batch"]


@violates(test_a_sending_key_only_sends, "a key that has more rights than it was given")
def test_a_key_with_more_rights_is_found(ask: Ask, make: Make) -> None:
    full = make("/api-keys", {"name": "full"})["token"]

    assert {"GET /emails", "POST /domains", "GET /audit"} <= set(find_rights(ask, CLOSED, full))


@pytest.fixture(scope="module")
def belongings(make: Make) -> dict[str, str]:
    """One of each kind, by the first part of its path."""
    return {
        "emails": make("/emails", LATER)["id"],
        "api-keys": make("/api-keys", {"name": "other"})["id"],
        "domains": make("/domains", {"name": f"{secrets.token_hex(4)}.example.org"})["id"],
        "suppressions": make("/suppressions", {"email": "nobody@example.org"})["id"],
        "webhooks": make("/webhooks", {"endpoint": "https://example.com/", "events": ["email.sent"]})["id"],
        "schedules": make("/schedules", SCHEDULE)["id"],
        "templates": make("/templates", {"name": "one", "html": "<p>one</p>"})["id"],
    }


@proves("What belongs to another workspace is answered as what does not exist, and stands in no list.")
def test_a_workspace_sees_nothing_of_another(
    stack: Stack, ask: Ask, belongings: dict[str, str], evidence: Evidence
) -> None:
    other = stack.new_key("security-other")

    evidence(f"{len(belongings)} kinds of things, {len(CLOSED)} operations with another workspace's key: nothing seen")
    assert find_leaks(ask, CLOSED, other, belongings) == []


@violates(test_a_workspace_sees_nothing_of_another, "a key that opens another workspace's things")
def test_a_leak_is_found(ask: Ask, owner: str, belongings: dict[str, str]) -> None:
    found = find_leaks(ask, [one for one in CLOSED if one[0] == "GET"], owner, belongings)

    assert {"GET /emails/{email_id}", "GET /emails", "GET /webhooks/{webhook_id}", "GET /templates"} <= set(found)


@pytest.fixture(scope="module")
def engine(stack: Stack) -> Iterator[Engine]:
    url = make_url(stack.variables["POSTROOM_DATABASE_URL"])
    made = create_engine(url.set(host=stack.containers["mariadb"].address, port=DATABASE_PORT))
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def kept_secrets(stack: Stack, owner: str, make: Make, belongings: dict[str, str]) -> dict[str, bytes]:
    """All that clients and operators gave or were given to keep."""
    webhook = make("/webhooks", {"endpoint": "https://example.com/2", "events": ["email.sent"]})["signing_secret"]
    return {
        "an API key": owner.encode(),
        "a webhook's secret": webhook.encode(),
        "a webhook's secret, decoded": base64.b64decode(webhook.removeprefix("whsec_")),
        "a private key": b"PRIVATE KEY",
        "the secret key": stack.variables["POSTROOM_SECRET_KEY"].encode(),
        "a credential of AWS": stack.variables["AWS_SECRET_ACCESS_KEY"].encode(),
    }


@proves("No key, no secret of a webhook and no private key of a domain is stored in clear, in MySQL or in Redis.")
def test_what_is_stored_opens_nothing(
    stack: Stack, engine: Engine, kept_secrets: dict[str, bytes], evidence: Evidence
) -> None:
    with redis.Redis(stack.containers["redis"].address, REDIS_PORT) as client:
        evidence(f"every column of every table, {client.dbsize()} keys of Redis: none of {', '.join(kept_secrets)}")
        assert find_in_redis(client, kept_secrets) == []
    assert find_in_database(engine, kept_secrets) == []


@violates(test_what_is_stored_opens_nothing, "a table, and a cache, that keep a key in clear")
def test_a_stored_secret_is_found(stack: Stack, engine: Engine, owner: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE planted (note TEXT)"))
        connection.execute(text("INSERT INTO planted VALUES (:note)"), {"note": f"key={owner}"})
    with redis.Redis(stack.containers["redis"].address, REDIS_PORT) as client:
        client.hset("planted", "key", owner)
        try:
            assert find_in_database(engine, {"a key": owner.encode()}) == ["a key in planted.note"]
            assert find_in_redis(client, {"a key": owner.encode()}) == ["a key in planted"]
        finally:
            client.delete("planted")
            with engine.begin() as connection:
                connection.execute(text("DROP TABLE planted"))


@pytest.fixture(scope="module")
def posted(stack: Stack, make: Make) -> tuple[Received, str]:
    """What a webhook was posted, and its secret."""
    with WebhookReceiver(stack.gateway) as receiver:
        made = make("/webhooks", {"endpoint": receiver.url(), "events": ["email.sent"]})
        make("/emails", MAIL)
        stack.wait_until(lambda: bool(receiver.requests), "the webhook")
        stack.admin("webhook", "disable", made["id"], "--reason", "its endpoint ends here")
        return receiver.requests[0], made["signing_secret"]


def find_forgeries(received: Received, secret: str) -> list[str]:
    """Why a client that verifies as Resend says would not believe it."""
    try:
        Webhook(secret).verify(received.body, received.headers)
    except WebhookVerificationError as problem:
        return [str(problem)]
    return []


@proves("What a webhook is posted is signed: the library that Resend names, Svix's, believes it.")
def test_a_webhook_is_believed(posted: tuple[Received, str], evidence: Evidence) -> None:
    received, secret = posted
    evidence(f"{json.loads(received.body)['type']}, signed {received.headers['svix-signature'][:12]}...: believed")
    assert find_forgeries(received, secret) == []


@violates(test_a_webhook_is_believed, "another body, another time, another secret")
def test_a_forged_webhook_is_not(posted: tuple[Received, str]) -> None:
    received, secret = posted
    body = Received(received.path, received.headers, received.body.replace(b"email.sent", b"email.bounced"))
    time = Received(received.path, received.headers | {"svix-timestamp": "1700000000"}, received.body)
    other = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"

    assert find_forgeries(body, secret) == ["No matching signature found"]
    assert find_forgeries(time, secret) == ["Message timestamp too old"]
    assert find_forgeries(received, other) == ["No matching signature found"]


INSIDE = (
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:8000/metrics",
    "http://localhost:8000/metrics",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://10.0.0.1/",
    "http://0x7f000001/",
)


def find_taken(stack: Stack, key: str, endpoints: tuple[str, ...]) -> list[str]:
    """Endpoints that a client may have webhooks posted to."""
    return [
        endpoint
        for endpoint in endpoints
        if post(stack, "/webhooks", {"endpoint": endpoint, "events": ["email.sent"]}, key).status not in {400, 422}
    ]


@proves("A client cannot have Postroom post to inside: loopback, private, link-local, metadata, in any spelling.")
def test_a_client_reaches_nothing_inside(stack: Stack, owner: str, evidence: Evidence) -> None:
    evidence(f"refused: {', '.join(INSIDE)}")
    assert find_taken(stack, owner, INSIDE) == []


@violates(test_a_client_reaches_nothing_inside, "a private address that a variable lets through")
def test_an_address_inside_that_is_taken_is_found(stack: Stack, owner: str) -> None:
    endpoint = f"http://{stack.gateway}:9/"
    assert find_taken(stack, owner, (endpoint,)) == [endpoint]


@pytest.mark.parametrize("service", SERVICES)
@proves("The process of each container is not root, has no capability and can get none.")
def test_a_process_has_no_privileges(stack: Stack, service: str, evidence: Evidence) -> None:
    evidence(f"{service}: no root, no capability in its bounding set, no new privileges")
    assert find_privileges_of(stack.containers[service]) == []


@violates(test_a_process_has_no_privileges, "a container that runs as root, as engines do by themselves")
def test_a_root_is_found(names: dict[str, str]) -> None:
    sleep = ("-c", "import time; time.sleep(60)")
    with Container(names["worker"], *sleep, options=["--user=0", f"--entrypoint={PYTHON}"]) as container:
        found = find_privileges_of(container)

    assert found[0] == "it runs as root"
    assert {one.split()[0] for one in found[1:]} == {"CapEff", "CapPrm", "CapBnd", "NoNewPrivs"}
