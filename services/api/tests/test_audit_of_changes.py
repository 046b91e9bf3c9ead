"""Every route that changes something: the change and its entry in the audit are both there, or neither.

The routes and their bodies are those of the OpenAPI document, so a new route is here by itself. Where it leaves no
entry, ``SILENT`` says why; where its example needs something to be done before, ``FIRST`` says what.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, select, text

from postroom_api_testing.exchange import Answer
from postroom_api_testing.reference import read_contract
from postroom_api_testing.running import RunningApi
from postroom_database.models import ApiKey, AuditEntry
from postroom_database.models.base import Base
from postroom_domain.ids import new_id

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
SPARED = {ApiKey.last_used_at}
"""Written behind every request, whatever it does."""


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
        assert "{" not in path, "it is about two resources: say how the second is made"
    if route in FIRST:
        act(api, "POST", FIRST[route])
    return path


def act(api: RunningApi, method: str, path: str) -> Answer:
    answer = api.request(method, path, example(method, path))
    assert answer.status in {200, 201}, answer
    return answer


def entries(api: RunningApi) -> dict[UUID, Any]:
    with api.database.read() as connection:
        return {row.id: row for row in connection.execute(select(AuditEntry.__table__)).all()}


def all_but_audit(api: RunningApi) -> dict[str, list[Any]]:
    with api.database.read() as connection:
        return {
            name: sorted(map(repr, connection.execute(select(*columns(table))).all()))
            for name, table in Base.metadata.tables.items()
            if name != AuditEntry.__tablename__
        }


def columns(table: Table) -> list[Any]:
    spared = {(column.class_.__tablename__, column.key) for column in SPARED}
    return [column for column in table.columns if (table.name, column.name) not in spared]


@contextmanager
def audit_is_gone(api: RunningApi) -> Iterator[None]:
    """Whatever would note an action fails."""
    rename(api, "audit_entries", "audit_gone")
    try:
        yield
    finally:
        rename(api, "audit_gone", "audit_entries")


def rename(api: RunningApi, old: str, new: str) -> None:
    with api.database.begin() as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


@pytest.mark.parametrize("route", CHANGES, ids=" ".join)
def test_a_change_leaves_one_entry_more_and_touches_no_other(mariadb_api: RunningApi, route: Route) -> None:
    api = mariadb_api
    path = prepare(api, route)
    before = entries(api)
    answer = api.request(route[0], path, example(*route), headers={"x-request-id": SENT_ID})
    assert answer.status in {200, 201}, answer
    after = entries(api)
    new = after.keys() - before.keys()
    assert len(new) == 1, f"{route} does not note what it does, or too often"
    assert {entry_id: row for entry_id, row in after.items() if entry_id not in new} == before
    [entry] = [after[entry_id] for entry_id in new]
    [key] = api.request("GET", "/api-keys").json()["data"][-1:]
    assert (entry.workspace_id, entry.actor, str(entry.key_id)) == (api.workspace_id, "key", key["id"])
    assert (entry.request_id, entry.resource_id is None) == (SENT_ID, False)
    assert "@" not in repr(entry)


@pytest.mark.parametrize("route", CHANGES, ids=" ".join)
def test_what_cannot_be_noted_is_not_done(api: RunningApi, route: Route) -> None:
    path = prepare(api, route)
    before = all_but_audit(api)
    with audit_is_gone(api):
        answer = api.request(route[0], path, example(*route))
        assert answer.status == 500
    assert all_but_audit(api) == before


@pytest.mark.parametrize("route", CHANGES, ids=" ".join)
def test_what_is_refused_is_not_noted(mariadb_api: RunningApi, route: Route) -> None:
    method, path = route
    for token in (None, "re_unknown"):
        assert mariadb_api.request(method, path, example(*route), token=token).status in {401, 403}
    missing = mariadb_api.request(
        method, re.sub(r"\{\w+\}", str(new_id()), path), example(*route) if "{" in path else []
    )
    assert missing.status in {404, 422}
    assert entries(mariadb_api) == {}


def test_the_routes_that_say_nothing_exist() -> None:
    assert {(method.upper(), path) for path, methods in PATHS.items() for method in methods} >= {*SILENT, *FIRST}
    assert len(CHANGES) > 15
