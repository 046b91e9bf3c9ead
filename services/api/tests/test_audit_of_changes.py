"""Every route that changes something: the change and its entry in the audit are both there, or neither.

The routes and their bodies are those of the OpenAPI document, so a new route is here by itself. Where it leaves no
entry, ``SILENT`` says why; where its example needs something to be done before, ``FIRST`` says what.
"""

import re
from typing import Any

import pytest

from postroom_api_testing.exchange import Answer
from postroom_api_testing.reference import read_contract
from postroom_api_testing.running import RunningApi
from postroom_database.repositories import timelines
from postroom_domain.ids import new_id
from postroom_testing.audit import all_but_audit, audit_is_gone, entries, noting_transactions

Route = tuple[str, str]

SILENT = {
    ("POST", "/emails"): "sending is the hot path; the email keeps the key's id itself",
    ("POST", "/emails/batch"): "likewise",
    ("POST", "/templates/{id_or_alias}/preview"): "changes nothing",
    ("POST", "/schedules/preview"): "likewise",
}
FIRST = {
    ("POST", "/suppressions/batch/remove"): "/suppressions",
}
"""A path to POST to, with the documented example, before the route does something."""

PATHS = read_contract()["paths"]
CHANGES = [
    (method.upper(), path)
    for path, methods in PATHS.items()
    for method, operation in methods.items()
    if method != "get" and operation.get("security") and (method.upper(), path) not in SILENT
]
SENT_ID = "the-request-of-this-test"


def example(method: str, path: str) -> Any:
    """The documented body; None where there is none."""
    content = PATHS[path][method.lower()].get("requestBody", {}).get("content", {})
    return content["application/json"]["examples"]["accepted"]["value"] if content else None


def prepare(api: RunningApi, route: Route) -> str:
    """Make what the route is about, as documented; the route's path, filled in."""
    _, path = route
    if "{" in path:
        made = act(api, "POST", path.partition("/{")[0])
        path = re.sub(r"\{\w+\}", made.json()["id"], path, count=1)
    if "{event_id}" in path:
        with api.database.begin() as connection:
            timelines.tell(connection, api.workspace_id, "email.delivered", {})
        [event] = api.request("GET", path.partition("/{")[0]).json()["data"]
        path = path.replace("{event_id}", event["id"])
    assert "{" not in path, "it is about two resources: say how the second is made"
    if route in FIRST:
        act(api, "POST", FIRST[route])
    return path


def act(api: RunningApi, method: str, path: str) -> Answer:
    answer = api.request(method, path, example(method, path))
    assert answer.status in {200, 201}, answer
    return answer


@pytest.mark.parametrize("route", CHANGES, ids=" ".join)
def test_a_route_notes_what_it_changes_or_changes_nothing(api: RunningApi, route: Route) -> None:
    method, path = route[0], prepare(api, route)
    before, everything = entries(api.database), all_but_audit(api.database)
    with audit_is_gone(api.database):
        assert api.request(method, path, example(*route)).status == 500
    assert all_but_audit(api.database) == everything
    with noting_transactions() as noting:
        answer = api.request(method, path, example(*route), headers={"x-request-id": SENT_ID})
    [changed] = noting
    assert changed, "the change is made in another transaction than its entry"
    assert answer.status in {200, 201}, answer
    found = entries(api.database)
    new = [row for entry_id, row in found.items() if entry_id not in before]
    assert len(new) == 1, f"{route} does not note what it does, or too often"
    assert before.items() <= found.items()
    [entry] = new
    [key] = api.request("GET", "/api-keys").json()["data"][-1:]
    assert (entry.workspace_id, entry.actor, str(entry.key_id)) == (api.workspace_id, "key", key["id"])
    assert (entry.request_id, entry.resource_id is None) == (SENT_ID, False)
    assert "@" not in repr(entry)


@pytest.mark.parametrize("route", CHANGES, ids=" ".join)
def test_what_is_refused_is_not_noted(shared_api: RunningApi, route: Route) -> None:
    method, path = route
    for token in (None, "re_unknown"):
        assert shared_api.request(method, path, example(*route), token=token).status in {401, 403}
    body = example(*route) if "{" in path else []
    refused = shared_api.request(method, re.sub(r"\{\w+\}", str(new_id()), path), body)
    assert refused.status in {404, 422}
    assert entries(shared_api.database) == {}


def test_the_routes_that_say_nothing_exist() -> None:
    assert {(method.upper(), path) for path, methods in PATHS.items() for method in methods} >= {*SILENT, *FIRST}
    assert len(CHANGES) > 15
