"""Who may send as whom."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import update

from postroom_api_testing.refusals import expect_refusal, rows
from postroom_api_testing.running import MAIL, TERMS, RunningApi
from postroom_database.models import Domain
from postroom_database.repositories import api_keys
from postroom_domain.tokens import hash_token, new_token
from postroom_testing.server import wait_until


@pytest.fixture
def strict_api(mariadb_url: str, redis_url: str) -> Iterator[RunningApi]:
    """As it is in production: senders must be in verified domains."""
    with RunningApi(mariadb_url, redis_url, terms=replace(TERMS, verified_only=True)) as running:
        yield running


def add(api: RunningApi, name: str = "example.com", **columns: object) -> UUID:
    domain_id = UUID(api.request("POST", "/domains", {"name": name}).json()["id"])
    if columns:
        with api.database.begin() as connection:
            connection.execute(update(Domain).where(Domain.id == domain_id).values(**columns))
    return domain_id


def bound_key(api: RunningApi, domain_id: UUID) -> str:
    token = new_token()
    with api.database.begin() as connection:
        api_keys.add(
            connection, workspace_id=api.workspace_id, name="bound", token_hash=hash_token(token), domain_id=domain_id
        )
    return token


@pytest.mark.parametrize("status", ["not_started", "pending", "failed"])
def test_a_domain_that_is_not_verified_sends_nothing(strict_api: RunningApi, status: str) -> None:
    assert "example.com domain is not verified" in expect_refusal(strict_api.send(), 403, "validation_error")
    add(strict_api, status=status)
    expect_refusal(strict_api.send(), 403, "validation_error")
    expect_refusal(strict_api.request("POST", "/emails/batch", [MAIL]), 403, "validation_error")
    assert rows(strict_api) == (0, 0)


@pytest.mark.parametrize("status", ["verified", "partially_verified", "partially_failed"])
def test_a_domain_that_is_verified_sends(strict_api: RunningApi, status: str) -> None:
    expect_refusal(strict_api.send(), 403, "validation_error")
    add(strict_api, status=status)
    assert strict_api.send().status == 200
    assert strict_api.send(MAIL | {"from": "Somebody <x@EXAMPLE.com>"}).status == 200
    expect_refusal(strict_api.send(MAIL | {"from": "x@sub.example.com"}), 403, "validation_error")


def test_a_sender_in_unicode_is_in_the_domain_in_punycode(strict_api: RunningApi) -> None:
    add(strict_api, "MÜNCHEN.example", status="verified")
    for domain in ("münchen.example", "xn--mnchen-3ya.example"):
        assert strict_api.send(MAIL | {"from": f"x@{domain}"}).status == 200


def test_a_domain_whose_sending_is_disabled_sends_nothing(strict_api: RunningApi) -> None:
    domain_id = add(strict_api, status="verified")
    strict_api.request("PATCH", f"/domains/{domain_id}", {"capabilities": {"sending": "disabled"}})
    expect_refusal(strict_api.send(), 403, "validation_error")


def test_the_domain_of_another_workspace_is_nobody_elses(strict_api: RunningApi) -> None:
    add(strict_api, status="verified")
    _, other = strict_api.add_workspace("two")
    expect_refusal(strict_api.send(token=other), 403, "validation_error")


def test_a_domain_that_was_deleted_sends_no_more(strict_api: RunningApi) -> None:
    domain_id = add(strict_api, status="verified")
    assert strict_api.send().status == 200
    strict_api.request("DELETE", f"/domains/{domain_id}")
    wait_until(lambda: strict_api.send().status == 403, seconds=10, what="the deletion to be felt")


def test_a_bound_key_sends_from_its_domain_alone(mariadb_api: RunningApi) -> None:
    domain_id = add(mariadb_api)
    token = bound_key(mariadb_api, domain_id)
    assert mariadb_api.send(token=token).status == 200
    foreign = mariadb_api.send(MAIL | {"from": "x@other.example"}, token=token)
    assert "may not send from other.example" in expect_refusal(foreign, 403, "restricted_api_key")


def test_a_bound_key_sends_from_nowhere_once_its_domain_is_deleted(mariadb_api: RunningApi) -> None:
    domain_id = add(mariadb_api)
    token = bound_key(mariadb_api, domain_id)
    mariadb_api.request("DELETE", f"/domains/{domain_id}")
    expect_refusal(mariadb_api.send(token=token), 403, "restricted_api_key")
    add(mariadb_api)  # the same name is another domain
    expect_refusal(mariadb_api.send(token=token), 403, "restricted_api_key")
