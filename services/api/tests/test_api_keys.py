"""API keys over HTTP: what each may do, and when it stops."""

import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL, TERMS, RunningApi
from postroom_database.repositories import api_keys
from postroom_domain.ids import new_id
from postroom_domain.permissions import Permission
from postroom_domain.tokens import hash_token, new_token
from postroom_testing.server import wait_until

FELT_SECONDS = 4
"""Within so much a process knows that a key was removed: its memory of three seconds, and a little."""


def create(api: RunningApi, **body: Any) -> Any:
    answer = api.request("POST", "/api-keys", {"name": "k"} | body)
    assert answer.status == 201
    return answer.json()


def listed(api: RunningApi) -> list[Any]:
    answer = api.request("GET", "/api-keys")
    assert answer.status == 200
    keys: list[Any] = answer.json()["data"]
    return keys


def test_a_key_is_made_used_renamed_and_removed(api: RunningApi) -> None:
    made = create(api, name="ci")
    assert set(made) == {"id", "token"}
    assert made["token"].startswith("re_")
    assert api.send(token=made["token"]).status == 200
    assert api.request("GET", "/emails", token=made["token"]).status == 200

    renamed = api.request("PATCH", f"/api-keys/{made['id']}", {"name": "deploy", "id": made["id"]})
    assert (renamed.status, renamed.json()) == (200, {"object": "api_key", "id": made["id"]})
    assert [key["name"] for key in listed(api)] == ["deploy", "k"]
    again = api.request("PATCH", f"/api-keys/{made['id']}", {"name": "deploy"})
    assert again.status == 200

    removed = api.request("DELETE", f"/api-keys/{made['id']}", {})
    assert (removed.status, removed.json()) == (200, {"object": "api_key", "id": made["id"], "deleted": True})
    assert [key["name"] for key in listed(api)] == ["k"]
    assert api.request("DELETE", f"/api-keys/{made['id']}").status == 404


def test_a_removed_key_is_refused_within_seconds_by_every_process(
    mariadb_api: RunningApi, mariadb_url: str, redis_url: str
) -> None:
    made = create(mariadb_api)
    with RunningApi(mariadb_url, redis_url, workspace="two") as other:
        for running in (mariadb_api, other):
            assert running.send(token=made["token"]).status == 200
        mariadb_api.request("DELETE", f"/api-keys/{made['id']}")
        wait_until(
            lambda: {running.send(token=made["token"]).status for running in (mariadb_api, other)} == {403},
            seconds=FELT_SECONDS,
            what="both processes to refuse the key",
        )


def test_a_sending_key_may_only_send(api: RunningApi) -> None:
    made = create(api, permission="sending_access")
    email_id = api.send(token=made["token"]).json()["id"]
    assert api.request("POST", "/emails/batch", [MAIL], token=made["token"]).status == 200
    for method, path in (
        ("GET", "/emails"),
        ("GET", f"/emails/{email_id}"),
        ("PATCH", f"/emails/{email_id}"),
        ("POST", f"/emails/{email_id}/cancel"),
        ("GET", f"/emails/{email_id}/attachments"),
        ("GET", "/api-keys"),
        ("POST", "/api-keys"),
        ("PATCH", f"/api-keys/{made['id']}"),
        ("DELETE", f"/api-keys/{made['id']}"),
    ):
        answer = api.request(method, path, {"scheduled_at": "in 1 hour", "name": "x"}, token=made["token"])
        assert "only send" in expect_refusal(answer, 401, "restricted_api_key"), (method, path)
    assert [key["permission"] for key in listed(api)] == ["sending_access", "full_access"]


def test_a_key_whose_domain_is_gone_sends_nothing(api: RunningApi) -> None:
    token = new_token()
    with api.database.begin() as connection:
        api_keys.add(
            connection,
            workspace_id=api.workspace_id,
            name="bound",
            token_hash=hash_token(token),
            permission=Permission.SENDING_ACCESS,
            domain_id=new_id(),
        )
    message = expect_refusal(api.send(token=token), 403, "restricted_api_key")
    assert "example.com" in message
    refused = expect_refusal(api.request("POST", "/emails/batch", [MAIL], token=token), 403, "restricted_api_key")
    assert refused.startswith("Email 0 of the batch: ")


@pytest.mark.parametrize(
    ("body", "name", "field"),
    [
        ({}, "missing_required_field", "`name`"),
        ({"name": ""}, "missing_required_field", "`name`"),
        ({"name": "x" * 101}, "validation_error", "`name`"),
        ({"name": "a\nb"}, "validation_error", "`name`"),
        ({"name": 1}, "validation_error", "`name`"),
        ({"name": "k", "permission": "all"}, "validation_error", "`permission`"),
        ({"name": "k", "domain_id": str(uuid4())}, "validation_error", "`domain_id`"),
        ({"name": "k", "permission": "sending_access", "domain_id": str(uuid4())}, "validation_error", "`domain_id`"),
        ({"name": "k", "permission": "sending_access", "domain_id": "x"}, "validation_error", "`domain_id`"),
        ([], "validation_error", "Expected `object`"),
    ],
)
def test_a_key_that_cannot_be_meant_is_refused(shared_api: RunningApi, body: Any, name: str, field: str) -> None:
    before = len(listed(shared_api))
    assert field in expect_refusal(shared_api.request("POST", "/api-keys", body), 422, name)
    assert len(listed(shared_api)) == before


def test_what_is_not_there_and_what_is_another_workspaces_look_alike(api: RunningApi) -> None:
    _, token = api.add_workspace("other")
    theirs = api.request("GET", "/api-keys", token=token).json()["data"][0]["id"]
    for key_id in (str(uuid4()), theirs):
        for method, body in (("PATCH", {"name": "mine"}), ("DELETE", {})):
            answer = api.request(method, f"/api-keys/{key_id}", body)
            assert expect_refusal(answer, 404, "not_found") == "API key not found."
    assert api.request("GET", "/api-keys", token=token).status == 200
    expect_refusal(api.request("DELETE", "/api-keys/nonsense"), 422, "invalid_parameter")


def test_keys_are_listed_whole_unless_a_page_is_asked_for(api: RunningApi) -> None:
    for number in range(25):
        create(api, name=f"k{number}")
    assert len(listed(api)) == 26
    names: list[str] = []
    after = ""
    while True:
        page = api.request("GET", f"/api-keys?limit=10{after}").json()
        names += [key["name"] for key in page["data"]]
        if not page["has_more"]:
            break
        after = f"&after={page['data'][-1]['id']}"
    assert names == [*(f"k{number}" for number in range(24, -1, -1)), "k"]


def test_the_last_use_is_kept_without_a_write_for_each_request(mariadb_api: RunningApi) -> None:
    made = create(mariadb_api)
    assert [key["last_used_at"] for key in listed(mariadb_api) if key["id"] == made["id"]] == [None]
    writes: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE api_keys"):
            writes.append(statement)

    event.listen(mariadb_api.database.engine, "before_cursor_execute", note)
    begun = time.monotonic()
    for _ in range(50):
        assert mariadb_api.send(token=made["token"]).status == 200
    wait_until(
        lambda: all(key["last_used_at"] for key in listed(mariadb_api)), seconds=15, what="the use to be written"
    )
    assert len(writes) <= 2 + (time.monotonic() - begun) // 5


def test_the_last_use_is_written_before_the_end(mariadb_url: str, redis_url: str) -> None:
    with RunningApi(mariadb_url, redis_url) as api:
        workspace_id = api.workspace_id
        assert api.send().status == 200
    with RunningApi(mariadb_url, redis_url, workspace="two") as later, later.database.read() as connection:
        [key] = api_keys.of_workspace(connection, workspace_id)
    assert key.last_used_at is not None


def test_a_sender_must_be_verified_where_an_operator_wants_that(mariadb_url: str, redis_url: str) -> None:
    with RunningApi(mariadb_url, redis_url, terms=replace(TERMS, verified_only=True)) as api:
        message = expect_refusal(api.send(), 403, "validation_error")
        assert "example.com domain is not verified" in message
        batch = [MAIL, MAIL | {"from": "not an address"}]
        permissive = api.request("POST", "/emails/batch", batch, headers={"x-batch-validation": "permissive"}).json()
        assert permissive["data"] == []
        assert [error["index"] for error in permissive["errors"]] == [0, 1]
