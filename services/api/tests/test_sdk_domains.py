"""``/domains`` through the SDK from PyPI."""

from typing import Any

import pytest
import resend

from postroom_api_testing.proofs import proves
from postroom_api_testing.running import RunningApi


@pytest.fixture
def sdk(api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(resend, "api_url", f"http://127.0.0.1:{api.port}")
    monkeypatch.setattr(resend, "api_key", api.token)
    return resend


@proves("POST /domains", "GET /domains/{id}")
def test_a_domain_is_created_and_read(sdk: Any) -> None:
    made = sdk.Domains.create({"name": "example.com", "custom_return_path": "bounce", "region": "eu-west-1"})
    assert (made["name"], made["status"], made["region"]) == ("example.com", "not_started", "eu-west-1")
    assert [(record["record"], record["type"]) for record in made["records"]] == [
        ("SPF", "MX"),
        ("SPF", "TXT"),
        ("DKIM", "TXT"),
    ]
    found = sdk.Domains.get(made["id"])
    assert found["object"] == "domain"
    assert found["records"] == made["records"]


@proves("GET /domains")
def test_domains_are_listed(sdk: Any) -> None:
    ids = [sdk.Domains.create({"name": f"d{number}.example"})["id"] for number in range(3)]
    assert [domain["id"] for domain in sdk.Domains.list()["data"]] == ids[::-1]
    page = sdk.Domains.list({"limit": 1, "after": ids[2]})
    assert (page["data"][0]["id"], page["has_more"]) == (ids[1], True)


@proves("PATCH /domains/{id}")
def test_a_domain_is_updated(sdk: Any) -> None:
    made = sdk.Domains.create({"name": "example.com"})
    update = {"id": made["id"], "open_tracking": False, "tls": "opportunistic", "tracking_subdomain": "links"}
    assert sdk.Domains.update(update)["id"] == made["id"]
    assert sdk.Domains.get(made["id"])["tracking_subdomain"] == "links"


@proves("POST /domains/{id}/verify")
def test_a_verification_is_asked_for(sdk: Any) -> None:
    made = sdk.Domains.create({"name": "example.com"})
    asked = sdk.Domains.verify(made["id"])
    assert (asked["object"], asked["id"]) == ("domain", made["id"])
    assert sdk.Domains.get(made["id"])["status"] == "pending"


@proves("DELETE /domains/{id}")
def test_a_domain_is_removed(sdk: Any) -> None:
    made = sdk.Domains.create({"name": "example.com"})
    assert sdk.Domains.remove(made["id"])["deleted"] is True
    with pytest.raises(resend.exceptions.ResendError, match="Domain not found"):
        sdk.Domains.get(made["id"])


def test_a_taken_name_and_a_wrong_one_are_errors_of_the_sdk(sdk: Any) -> None:
    sdk.Domains.create({"name": "example.com"})
    with pytest.raises(resend.exceptions.ResendError, match="registered already") as taken:
        sdk.Domains.create({"name": "example.com"})
    assert str(taken.value.code) == "403"
    with pytest.raises(resend.exceptions.ValidationError, match="name"):
        sdk.Domains.create({"name": "nonsense"})
