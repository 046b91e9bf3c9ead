"""What a domain needs depends on where mail leaves."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import TERMS, RunningApi
from postroom_database.models import Domain


@pytest.fixture
def ses_api(mariadb_url: str, redis_url: str) -> Iterator[RunningApi]:
    terms = replace(TERMS, transport="ses", region="eu-west-1")
    with RunningApi(mariadb_url, redis_url, terms=terms) as running:
        yield running


@pytest.fixture
def smtp_api(mariadb_url: str, redis_url: str) -> Iterator[RunningApi]:
    with RunningApi(mariadb_url, redis_url, terms=replace(TERMS, transport="smtp")) as running:
        yield running


def add(api: RunningApi, **fields: Any) -> Any:
    return api.request("POST", "/domains", {"name": "example.com"} | fields)


def test_with_ses_a_domain_is_in_the_region_of_the_mail_url(ses_api: RunningApi) -> None:
    refused = expect_refusal(add(ses_api, region="us-east-1"), 422, "validation_error")
    assert "`region`" in refused
    assert "eu-west-1" in refused
    made = add(ses_api, region="eu-west-1").json()
    assert made["region"] == "eu-west-1"
    assert made["records"][0]["value"] == "feedback-smtp.eu-west-1.amazonses.com"


def test_a_domain_that_was_added_before_shows_the_region_that_sends_now(ses_api: RunningApi) -> None:
    made = add(ses_api).json()
    with ses_api.database.begin() as connection:
        connection.execute(Domain.__table__.update().values(region="us-east-1"))  # type: ignore[attr-defined]  # a table
    shown = ses_api.request("GET", f"/domains/{made['id']}").json()
    assert (shown["region"], shown["records"][0]["value"]) == ("eu-west-1", "feedback-smtp.eu-west-1.amazonses.com")
    assert ses_api.request("GET", "/domains").json()["data"][0]["region"] == "eu-west-1"


def test_with_a_relay_no_record_is_asked_for(smtp_api: RunningApi) -> None:
    made = add(smtp_api, region="sa-east-1").json()
    assert (made["region"], made["records"], made["dmarc"]["name"]) == ("sa-east-1", [], "_dmarc")
    assert smtp_api.request("POST", f"/domains/{made['id']}/verify").status == 200
