"""API keys through the PyPI SDK."""

import pytest
import resend

from postroom_api_testing.proofs import proves
from postroom_api_testing.running import MAIL, RunningApi


@pytest.fixture(autouse=True)
def sdk(shared_api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resend, "api_url", f"http://127.0.0.1:{shared_api.port}")
    monkeypatch.setattr(resend, "api_key", shared_api.token)


@proves("POST /api-keys", "GET /api-keys")
def test_keys_are_made_and_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = resend.ApiKeys.create({"name": "ci", "permission": "sending_access"})
    found = resend.ApiKeys.list({"limit": 1})
    assert (found["object"], found["has_more"]) == ("list", True)
    [key] = found["data"]
    assert (key["id"], key["name"], key["last_used_at"]) == (made["id"], "ci", None)
    monkeypatch.setattr(resend, "api_key", made["token"])
    assert resend.Emails.send(MAIL)["id"]  # type: ignore[arg-type]  # a plain dict
    with pytest.raises(resend.exceptions.ResendError) as refused:
        resend.ApiKeys.list()
    assert (refused.value.code, refused.value.error_type) == (401, "restricted_api_key")


@proves("PATCH /api-keys/{id}")
def test_a_key_is_renamed() -> None:
    made = resend.ApiKeys.create({"name": "before"})
    renamed = resend.ApiKeys.update({"id": made["id"], "name": "after"})
    assert (renamed["object"], renamed["id"]) == ("api_key", made["id"])
    assert [key["name"] for key in resend.ApiKeys.list()["data"] if key["id"] == made["id"]] == ["after"]


@proves("DELETE /api-keys/{id}")
def test_a_key_is_removed() -> None:
    made = resend.ApiKeys.create({"name": "short-lived"})
    removed = resend.ApiKeys.remove(made["id"])
    assert (removed["object"], removed["id"], removed["deleted"]) == ("api_key", made["id"], True)
    assert made["id"] not in [key["id"] for key in resend.ApiKeys.list()["data"]]
    with pytest.raises(resend.exceptions.ResendError) as refused:
        resend.ApiKeys.remove(made["id"])
    assert refused.value.code == 404
