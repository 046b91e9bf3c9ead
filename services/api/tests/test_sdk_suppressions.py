"""``/suppressions`` through the SDK from PyPI."""

from typing import Any

import pytest
import resend

from postroom_api_testing.proofs import proves
from postroom_api_testing.running import RunningApi
from postroom_database.repositories import suppressions
from postroom_database.repositories.suppressions import NewSuppression
from postroom_domain.ids import new_id
from postroom_domain.suppressions import Origin

ONE, TWO = "one+news@example.com", "two@example.com"


@pytest.fixture
def sdk(api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(resend, "api_url", f"http://127.0.0.1:{api.port}")
    monkeypatch.setattr(resend, "api_key", api.token)
    return resend.Suppressions


@proves("POST /suppressions")
def test_an_address_is_added_once(sdk: Any) -> None:
    added = sdk.add({"email": ONE})
    assert added["object"] == "suppression"
    assert sdk.add({"email": ONE.upper()})["id"] == added["id"]
    with pytest.raises(resend.exceptions.ValidationError):
        sdk.add({"email": "nobody"})
    with pytest.raises(resend.exceptions.MissingRequiredFieldsError):
        sdk.add({"email": ""})


@proves("GET /suppressions/{id}")
def test_one_is_read_by_its_id_and_by_its_address(sdk: Any, api: RunningApi) -> None:
    source_id = new_id()
    with api.database.begin() as connection:
        suppressions.add(connection, api.workspace_id, [NewSuppression(ONE, Origin.COMPLAINT, source_id)])
    found = sdk.get(ONE)
    assert {name: found[name] for name in ("object", "email", "origin", "source_id")} == {
        "object": "suppression",
        "email": ONE,
        "origin": "complaint",
        "source_id": str(source_id),
    }
    assert sdk.get(found["id"])["email"] == ONE
    with pytest.raises(resend.exceptions.ResendError) as missing:
        sdk.get(TWO)
    assert (missing.value.code, missing.value.error_type) == (404, "not_found")


@proves("GET /suppressions")
def test_they_are_listed(sdk: Any) -> None:
    ids = [sdk.add({"email": f"{number}@example.com"})["id"] for number in range(3)]
    assert [item["id"] for item in sdk.list()["data"]] == ids[::-1]
    page = sdk.list({"origin": "manual", "limit": 1, "after": ids[2]})
    assert (page["object"], page["has_more"], [item["id"] for item in page["data"]]) == ("list", True, [ids[1]])
    assert sdk.list({"origin": "bounce"})["data"] == []


@proves("DELETE /suppressions/{id}")
def test_one_is_removed_by_its_id_and_by_its_address(sdk: Any) -> None:
    by_id, by_address = sdk.add({"email": ONE})["id"], sdk.add({"email": TWO})["id"]
    assert sdk.remove(by_id)["deleted"] is True
    assert sdk.remove(TWO)["id"] == by_address
    assert sdk.list()["data"] == []
    with pytest.raises(resend.exceptions.ResendError) as missing:
        sdk.remove(ONE)
    assert (missing.value.code, missing.value.error_type) == (404, "not_found")


@proves("POST /suppressions/batch/add")
def test_many_are_added(sdk: Any) -> None:
    there = sdk.add({"email": TWO})["id"]
    added = sdk.Batch.add({"emails": [ONE, TWO, ONE]})["data"]
    assert [item["object"] for item in added] == ["suppression"] * 2
    assert [item["id"] for item in added] == [sdk.get(ONE)["id"], there]


@proves("POST /suppressions/batch/remove")
def test_many_are_removed(sdk: Any) -> None:
    ids = [item["id"] for item in sdk.Batch.add({"emails": [ONE, TWO, "carl@example.com"]})["data"]]
    [removed] = sdk.Batch.remove({"emails": [ONE, "nobody@example.com"]})["data"]
    assert (removed["object"], removed["id"], removed["deleted"]) == ("suppression", ids[0], True)
    assert {item["id"] for item in sdk.Batch.remove({"ids": ids})["data"]} == set(ids[1:])
