"""``GET /audit``: which key did what, as the workspace's clients read it."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL, RunningApi
from postroom_database.repositories import audit, timelines
from postroom_domain.ids import parse_id


def listed(api: RunningApi, query: str = "", **options: Any) -> list[dict[str, Any]]:
    answer = api.request("GET", f"/audit{query}", **options)
    assert answer.status == 200
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def actions(api: RunningApi) -> list[str]:
    return [entry["action"] for entry in listed(api)]


def own_key(api: RunningApi) -> str:
    """The id of the key that the tests use."""
    key_id: str = api.request("GET", "/api-keys").json()["data"][-1]["id"]
    return key_id


def test_an_entry_says_who_did_what_to_which_resource(api: RunningApi) -> None:
    made = api.request("POST", "/domains", {"name": "example.com"}, headers={"x-request-id": "request-9"}).json()
    [entry] = listed(api)
    assert parse_id(entry.pop("id")) is not None
    assert datetime.fromisoformat(entry.pop("created_at")).utcoffset() is not None
    assert entry == {
        "action": "domain.created",
        "actor": "key",
        "key_id": own_key(api),
        "resource_id": made["id"],
        "request_id": "request-9",
        "data": None,
    }


def test_operators_and_postroom_itself_are_listed_without_a_key(mariadb_api: RunningApi) -> None:
    workspace_id = mariadb_api.workspace_id
    with mariadb_api.database.begin() as connection:
        audit.note(connection, workspace_id, audit.OPERATOR, "email.held", data={"count": 2})
        audit.note(connection, workspace_id, audit.POSTROOM, "workspace.suspended", workspace_id)
    suspended, held = listed(mariadb_api)
    assert (suspended["actor"], suspended["key_id"], suspended["request_id"]) == ("postroom", None, None)
    assert suspended["resource_id"] == str(workspace_id)
    assert (held["actor"], held["resource_id"], held["data"]) == ("operator", None, {"count": 2})


def test_a_key_keeps_its_entries_when_it_is_gone(mariadb_api: RunningApi) -> None:
    made = mariadb_api.request("POST", "/api-keys", {"name": "short-lived"}).json()
    mariadb_api.request("POST", "/suppressions", {"email": "one@example.com"}, token=made["token"])
    mariadb_api.request("DELETE", f"/api-keys/{made['id']}")
    assert [(entry["action"], entry["key_id"]) for entry in listed(mariadb_api)] == [
        ("key.revoked", own_key(mariadb_api)),
        ("suppression.added", made["id"]),
        ("key.created", own_key(mariadb_api)),
    ]


def test_each_suppression_of_a_batch_is_noted_by_its_id(mariadb_api: RunningApi) -> None:
    mariadb_api.request("POST", "/suppressions", {"email": "was-there@example.com"})
    addresses = ["one@example.com", "was-there@example.com", "two@example.com"]
    added = mariadb_api.request("POST", "/suppressions/batch/add", {"emails": addresses}).json()["data"]
    new = {added[0]["id"], added[2]["id"]}
    entries = listed(mariadb_api)
    assert [entry["action"] for entry in entries] == ["suppression.added"] * 3
    assert {entry["resource_id"] for entry in entries[:2]} == new
    mariadb_api.request("POST", "/suppressions/batch/remove", {"emails": [*addresses[::2], "unknown@example.com"]})
    removed = listed(mariadb_api)[:-3]
    assert [entry["action"] for entry in removed] == ["suppression.removed"] * 2
    assert {entry["resource_id"] for entry in removed} == new
    assert "@" not in repr(listed(mariadb_api))


def test_what_is_done_twice_is_noted_as_often_as_it_does_something(mariadb_api: RunningApi) -> None:
    path = f"/domains/{mariadb_api.request('POST', '/domains', {'name': 'example.com'}).json()['id']}"
    for _ in range(2):
        assert mariadb_api.request("POST", f"{path}/verify").status == 200
        assert mariadb_api.request("PATCH", path, {}).status == 200
        mariadb_api.request("DELETE", path.replace("domains", "templates"))
        mariadb_api.request("POST", "/suppressions", {"email": "one@example.com"})
        mariadb_api.request("POST", "/suppressions/batch/remove", {"emails": ["two@example.com"]})
    assert actions(mariadb_api)[::-1] == [
        "domain.created",
        "domain.verification_asked",
        "suppression.added",
        "domain.verification_asked",
    ]


def test_a_copy_of_a_template_says_of_which(mariadb_api: RunningApi) -> None:
    original = mariadb_api.request("POST", "/templates", {"name": "t", "html": "<p>t</p>"}).json()["id"]
    copy = mariadb_api.request("POST", f"/templates/{original}/duplicate").json()["id"]
    [entry, _] = listed(mariadb_api)
    assert (entry["action"], entry["resource_id"]) == ("template.duplicated", copy)
    assert entry["data"] == {"original_id": original}


def test_sending_is_not_noted_and_the_email_keeps_the_key(api: RunningApi) -> None:
    made = api.request("POST", "/api-keys", {"name": "cron", "permission": "sending_access"}).json()
    before = listed(api)
    one = api.send(token=made["token"]).json()["id"]
    [other] = api.request("POST", "/emails/batch", [MAIL]).json()["data"]
    assert listed(api) == before
    assert [key_of(api, email_id) for email_id in (one, other["id"])] == [made["id"], own_key(api)]


def key_of(api: RunningApi, email_id: str) -> str:
    parsed = parse_id(email_id)
    assert parsed is not None
    with api.database.read() as connection:
        email = timelines.email(connection, parsed)
    assert email is not None
    return str(email.key_id)


def test_entries_come_in_pages_newest_first(mariadb_api: RunningApi) -> None:
    for number in range(5):
        mariadb_api.request("POST", "/suppressions", {"email": f"{number}@example.com"})
    everything = [entry["id"] for entry in listed(mariadb_api)]
    assert everything == sorted(everything, reverse=True)
    page = mariadb_api.request("GET", "/audit?limit=2").json()
    assert (page["object"], page["has_more"]) == ("list", True)
    assert [entry["id"] for entry in page["data"]] == everything[:2]
    rest = mariadb_api.request("GET", f"/audit?limit=3&after={everything[1]}").json()
    assert ([entry["id"] for entry in rest["data"]], rest["has_more"]) == (everything[2:], False)
    back = mariadb_api.request("GET", f"/audit?limit=2&before={everything[3]}").json()
    assert ([entry["id"] for entry in back["data"]], back["has_more"]) == (everything[1:3], True)


def test_entries_of_another_workspace_are_not_there(mariadb_api: RunningApi) -> None:
    _, theirs = mariadb_api.add_workspace("two")
    mariadb_api.request("POST", "/suppressions", {"email": "one@example.com"})
    [mine] = listed(mariadb_api)
    for query in ("", f"?after={uuid4()}", f"?before={mine['id'][:8]}-0000-7000-8000-000000000000", "?limit=100"):
        assert listed(mariadb_api, query, token=theirs) == []


def test_a_key_that_may_only_send_cannot_read_it(mariadb_api: RunningApi) -> None:
    made = mariadb_api.request("POST", "/api-keys", {"name": "cron", "permission": "sending_access"}).json()
    expect_refusal(mariadb_api.request("GET", "/audit", token=made["token"]), 401, "restricted_api_key")


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_nobody_can_change_it(mariadb_api: RunningApi, method: str) -> None:
    mariadb_api.request("POST", "/suppressions", {"email": "one@example.com"})
    [entry] = listed(mariadb_api)
    expect_refusal(mariadb_api.request(method, "/audit", {}), 405, "method_not_allowed")
    expect_refusal(mariadb_api.request(method, f"/audit/{entry['id']}", {}), 404, "not_found")
    assert listed(mariadb_api) == [entry]
