"""``/webhooks`` over HTTP: what is made, shown, changed, and never shown."""

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from postroom_api_testing.process import ApiProcess, prepare
from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import TERMS, RunningApi
from postroom_api_testing.webhooks import WEBHOOK, create, happen, set_webhook
from postroom_database.models import AuditEntry, Webhook
from postroom_database.types import AnyRow, Now
from postroom_domain.sealing import Seal
from postroom_domain.webhook_events import EVENT_TYPES, NEVER_TOLD


@pytest.fixture
def strict_api(mariadb_url: str, redis_url: str) -> Iterator[RunningApi]:
    """Where no private network may be reached."""
    with RunningApi(mariadb_url, redis_url, workspace="strict", terms=replace(TERMS, reachable=())) as running:
        yield running


def stored(api: RunningApi, webhook_id: str) -> AnyRow:
    with api.database.read() as connection:
        return connection.execute(select(Webhook.__table__).where(Webhook.id == UUID(webhook_id))).one()


def refused(api: RunningApi, field: str, method: str = "POST", path: str = "/webhooks", **changes: Any) -> str:
    """The message of a refusal that names the field."""
    body = (WEBHOOK if method == "POST" else {}) | changes
    message = expect_refusal(api.request(method, path, body), 422, "validation_error")
    assert message.startswith(f"Invalid `{field}` field. ")
    return message


def test_a_webhook_is_made_and_read(api: RunningApi) -> None:
    made = create(api)
    assert (set(made), made["object"]) == ({"object", "id", "signing_secret"}, "webhook")
    found = api.request("GET", f"/webhooks/{made['id']}").json()
    created_at = found.pop("created_at")
    assert created_at.endswith("+00:00")
    assert found == {
        "object": "webhook",
        "id": made["id"],
        "endpoint": WEBHOOK["endpoint"],
        "events": WEBHOOK["events"],
        "status": "enabled",
        "reason": None,
        "signing_secret": made["signing_secret"],
    }
    [listed] = api.request("GET", "/webhooks").json()["data"]
    assert listed == {
        "id": made["id"],
        "endpoint": WEBHOOK["endpoint"],
        "created_at": created_at,
        "status": "enabled",
        "events": WEBHOOK["events"],
    }


def test_the_secret_is_stored_sealed(api: RunningApi) -> None:
    made = create(api)
    row = stored(api, made["id"])
    assert made["signing_secret"] not in row.secret
    assert Seal(TERMS.secrets, "webhook").unseal(row.secret).decode() == made["signing_secret"]


def test_a_secret_whose_key_is_lost_is_null_and_can_be_replaced(api: RunningApi) -> None:
    webhook_id = create(api)["id"]
    foreign = Seal(["another secret of the tests, long enough"], "webhook").seal(b"whsec_x")
    set_webhook(api, webhook_id, secret=foreign)
    assert api.request("GET", f"/webhooks/{webhook_id}").json()["signing_secret"] is None
    rotated = api.request("POST", f"/webhooks/{webhook_id}/signing-secret/rotate").json()
    assert api.request("GET", f"/webhooks/{webhook_id}").json()["signing_secret"] == rotated["signing_secret"]
    assert stored(api, webhook_id).previous_secret is None  # it could sign nothing


def test_every_known_type_can_be_asked_for(api: RunningApi) -> None:
    types = sorted(EVENT_TYPES | NEVER_TOLD)
    made = create(api, events=[*types, types[0]])
    assert api.request("GET", f"/webhooks/{made['id']}").json()["events"] == types


def test_missing_fields_are_named(api: RunningApi) -> None:
    for field in ("endpoint", "events"):
        for absent in ({}, {field: None}):
            body = {name: value for name, value in WEBHOOK.items() if name != field} | absent
            message = expect_refusal(api.request("POST", "/webhooks", body), 422, "missing_required_field")
            assert field in message
    expect_refusal(api.request("POST", "/webhooks", b""), 400, "validation_error")
    assert api.request("GET", "/webhooks").json()["data"] == []


def test_types_that_there_are_not_are_named(api: RunningApi) -> None:
    webhook_id = create(api)["id"]
    for method, path in (("POST", "/webhooks"), ("PATCH", f"/webhooks/{webhook_id}")):
        assert "`email.teleported`" in refused(
            api, "events[1]", method, path, events=["email.sent", "email.teleported"]
        )
        refused(api, "events", method, path, events=[])
        refused(api, "events", method, path, events="email.sent")
        assert len(refused(api, "events[0]", method, path, events=["x" * 10_000])) < 200


@pytest.mark.parametrize(
    "endpoint",
    [
        "example.com/hook",
        "ftp://example.com/",
        "https://",
        "https://user:password@example.com/",
        "https://example.com:0/",
        "https://exa mple.com/",
        "https://example.com/\r\nx: y",
        "https:\\\\example.com",
        "https://example.com/" + "x" * 2048,
    ],
)
def test_an_endpoint_that_is_no_url_is_refused(shared_api: RunningApi, endpoint: str) -> None:
    webhook_id = create(shared_api)["id"]
    for method, path in (("POST", "/webhooks"), ("PATCH", f"/webhooks/{webhook_id}")):
        message = refused(shared_api, "endpoint", method, path, endpoint=endpoint)
        assert "password@" not in message


def test_an_endpoint_in_a_private_network_is_refused(strict_api: RunningApi) -> None:
    for host in ("127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1"):
        message = refused(strict_api, "endpoint", endpoint=f"http://{host}/hook")
        assert "not public" in message
    assert strict_api.request("GET", "/webhooks").json()["data"] == []


def test_what_the_operator_allows_may_be_reached(strict_api: RunningApi, mariadb_api: RunningApi) -> None:
    refused(strict_api, "endpoint", endpoint="http://localhost:9/hook")
    create(mariadb_api, endpoint="http://localhost:9/hook")


def test_a_host_without_an_address_may_get_one_later(strict_api: RunningApi) -> None:
    create(strict_api, endpoint="https://not-yet.invalid/hook")


def test_a_change_keeps_what_it_leaves_out(api: RunningApi) -> None:
    webhook_id = create(api)["id"]
    path = f"/webhooks/{webhook_id}"
    before = api.request("GET", path).json()
    # As the SDKs send it: the id is repeated in the body.
    bodies: list[dict[str, Any]] = [{}, {"webhook_id": webhook_id, "endpoint": None, "events": None, "status": None}]
    for body in bodies:
        answer = api.request("PATCH", path, body)
        assert (answer.status, answer.json()) == (200, {"object": "webhook", "id": webhook_id})
    assert api.request("GET", path).json() == before
    for change in ({"endpoint": "http://127.0.0.1:9/other"}, {"events": ["email.bounced"]}, {"status": "disabled"}):
        assert api.request("PATCH", path, change).status == 200
        before |= change
        assert api.request("GET", path).json() == before
    refused(api, "status", "PATCH", path, status="paused")


def test_why_postroom_disabled_it_is_shown_until_it_is_enabled(api: RunningApi) -> None:
    path = f"/webhooks/{create(api)['id']}"
    set_webhook(api, path.rpartition("/")[2], status="disabled", reason="It failed for 5 days.", failing_since=Now())
    found = api.request("GET", path).json()
    assert (found["status"], found["reason"]) == ("disabled", "It failed for 5 days.")
    api.request("PATCH", path, {"status": "enabled"})
    found = api.request("GET", path).json()
    assert (found["status"], found["reason"]) == ("enabled", None)


def test_a_rotation_answers_the_new_secret_and_keeps_the_old_one(api: RunningApi) -> None:
    made = create(api)
    path = f"/webhooks/{made['id']}/signing-secret/rotate"
    bodies: list[Any] = [None, b"", {}]  # the SDKs differ
    for body in bodies:
        before = stored(api, made["id"]).secret
        answer = api.request("POST", path, body)
        assert (answer.status, set(answer.json())) == (200, {"object", "id", "signing_secret"})
        assert stored(api, made["id"]).previous_secret == before
        assert answer.json()["signing_secret"] == api.request("GET", f"/webhooks/{made['id']}").json()["signing_secret"]


def test_a_deleted_webhook_is_gone_with_its_events(api: RunningApi) -> None:
    webhook_id = create(api)["id"]
    event_id = happen(api, webhook_id)
    answer = api.request("DELETE", f"/webhooks/{webhook_id}", b"")
    assert (answer.status, answer.json()) == (200, {"object": "webhook", "id": webhook_id, "deleted": True})
    assert api.request("GET", "/webhooks").json()["data"] == []
    for method, path in routes(webhook_id, event_id):
        assert "Webhook not found" in expect_refusal(api.request(method, path), 404, "not_found")


def test_another_workspaces_webhook_is_not_found(api: RunningApi) -> None:
    made = create(api)
    event_id = happen(api, made["id"])
    _, other = api.add_workspace("other")
    for method, path in routes(made["id"], event_id):
        answer = api.request(method, path, {} if method == "PATCH" else None, token=other)
        assert "Webhook not found" in expect_refusal(answer, 404, "not_found")
    assert api.request("GET", f"/webhooks/{made['id']}").json()["signing_secret"] == made["signing_secret"]


def routes(webhook_id: str, event_id: str) -> list[tuple[str, str]]:
    """All that name a webhook."""
    path = f"/webhooks/{webhook_id}"
    return [
        ("GET", path),
        ("DELETE", path),
        ("POST", f"{path}/signing-secret/rotate"),
        ("GET", f"{path}/events"),
        ("GET", f"{path}/events/{event_id}"),
        ("GET", f"{path}/events/{event_id}/attempts"),
        ("POST", f"{path}/events/{event_id}/replay"),
    ]


def test_ids_that_are_none(api: RunningApi) -> None:
    expect_refusal(api.request("GET", "/webhooks/1"), 422, "invalid_parameter")
    expect_refusal(api.request("PATCH", f"/webhooks/{uuid4()}", {}), 404, "not_found")


def test_a_sending_key_manages_no_webhooks(api: RunningApi) -> None:
    key = api.request("POST", "/api-keys", {"name": "k", "permission": "sending_access"}).json()
    for method, path in (("GET", "/webhooks"), *routes(str(uuid4()), "msg_1")):
        expect_refusal(api.request(method, path, token=key["token"]), 401, "restricted_api_key")
    expect_refusal(api.request("POST", "/webhooks", WEBHOOK, token=key["token"]), 401, "restricted_api_key")


def test_who_did_what_is_noted(api: RunningApi) -> None:
    webhook_id = create(api)["id"]
    path = f"/webhooks/{webhook_id}"
    event_id = happen(api, webhook_id)
    headers = {"x-request-id": "request-of-the-test"}
    api.request("PATCH", path, {"status": "enabled"}, headers=headers)
    api.request("POST", f"{path}/signing-secret/rotate", headers=headers)
    api.request("POST", f"{path}/events/{event_id}/replay", headers=headers)
    api.request("DELETE", path, headers=headers)
    with api.database.read() as connection:
        entries = connection.execute(
            select(AuditEntry.__table__).where(AuditEntry.resource_id == webhook_id).order_by(AuditEntry.id)
        ).all()
    assert [(entry.action, entry.data) for entry in entries] == [
        ("webhook.created", None),
        ("webhook.changed", None),
        ("webhook.secret_rotated", None),
        ("webhook.event_replayed", {"event_id": event_id}),
        ("webhook.removed", None),
    ]
    assert {(entry.workspace_id, entry.actor) for entry in entries} == {(api.workspace_id, "key")}
    assert {entry.request_id for entry in entries[1:]} == {"request-of-the-test"}
    assert len({entry.key_id for entry in entries} - {None}) == 1


def test_nothing_is_noted_of_what_was_refused(api: RunningApi) -> None:
    webhook_id = create(api)["id"]
    _, other = api.add_workspace("other")
    for method, path in routes(webhook_id, "msg_1"):
        api.request(method, path, token=other)
    with api.database.read() as connection:
        assert connection.execute(select(AuditEntry.action).where(AuditEntry.actor == "key")).scalars().all() == [
            "webhook.created"
        ]


def test_neither_endpoints_nor_secrets_are_logged(mariadb_url: str, redis_url: str, tmp_path: Path) -> None:
    workspace_id, token = prepare(mariadb_url)
    environment = {
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_MAIL_URL": "inbox:",
        "POSTROOM_EGRESS_ALLOW": "127.0.0.0/8",
        "POSTROOM_LOG_LEVEL": "debug",
    }
    with ApiProcess(tmp_path, environment) as api:
        api.token = token
        made = api.request("POST", "/webhooks", WEBHOOK | {"endpoint": "http://127.0.0.1:9/token-of-the-client"}).json()
        rotated = api.request("POST", f"/webhooks/{made['id']}/signing-secret/rotate").json()
        refused_too = api.request("POST", "/webhooks", WEBHOOK | {"endpoint": "http://10.0.0.1/token-of-the-client"})
        assert refused_too.status == 422
        api.terminate()
        assert api.wait(20) == 0
        told = {event["event"]: event for event in api.events()}
        text = api.stdout + api.stderr
    assert told["webhook.created"]["webhook_id"] == made["id"]
    assert told["webhook.created"]["workspace_id"] == str(workspace_id)
    assert "webhook.secret_rotated" in told
    for secret in (made["signing_secret"], rotated["signing_secret"], "token-of-the-client"):
        assert json.dumps(secret)[1:-1] not in text


def test_hosts_that_are_hard_to_look_up_hold_up_nobody_else(
    mariadb_api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client's own DNS can let the api wait, as often as the client asks."""
    webhook_id = create(mariadb_api)["id"]
    asked, released = threading.Event(), threading.Event()
    look_up = socket.getaddrinfo

    def hang(host: Any, *arguments: Any, **options: Any) -> Any:
        if host != "slow.example":
            return look_up(host, *arguments, **options)
        asked.set()
        released.wait(30)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    count = 40  # more than asyncio has threads of its own, on any machine
    with ThreadPoolExecutor(count) as clients:
        made = [clients.submit(create, mariadb_api, endpoint="http://slow.example/") for _ in range(count)]
        try:
            assert asked.wait(30)
            for _ in range(20):
                assert len(mariadb_api.request("GET", "/webhooks").json()["data"]) == 1
            assert mariadb_api.request("PATCH", f"/webhooks/{webhook_id}", {"status": "disabled"}).status == 200
            assert not any(one.done() for one in made)
        finally:
            released.set()
    assert len({one.result()["id"] for one in made}) == count
