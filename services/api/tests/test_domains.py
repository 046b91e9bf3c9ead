import threading
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
from sqlalchemy import select, update

from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import TERMS, RunningApi
from postroom_database.errors import LeaseLost
from postroom_database.models import Domain, ProviderJob
from postroom_database.repositories import api_keys, domains, provider_jobs
from postroom_domain.permissions import Permission
from postroom_domain.sealing import Seal
from postroom_domain.tokens import hash_token, new_token


def add(api: RunningApi, name: str = "example.com", **fields: Any) -> Any:
    answer = api.request("POST", "/domains", {"name": name} | fields)
    assert answer.status == 201, answer
    return answer.json()


def read(api: RunningApi, domain_id: str) -> Any:
    answer = api.request("GET", f"/domains/{domain_id}")
    assert answer.status == 200
    return answer.json()


def row(api: RunningApi, domain_id: str) -> Any:
    with api.database.read() as connection:
        return connection.execute(select(Domain.__table__).where(Domain.id == UUID(domain_id))).one_or_none()


def jobs(api: RunningApi) -> list[Any]:
    with api.database.read() as connection:
        return list(connection.execute(select(ProviderJob.__table__).order_by(ProviderJob.created_at)))


def set_columns(api: RunningApi, domain_id: str, **values: Any) -> None:
    with api.database.begin() as connection:
        connection.execute(update(Domain).where(Domain.id == UUID(domain_id)).values(**values))


def test_a_domain_is_answered_with_what_must_stand_in_dns(api: RunningApi) -> None:
    made = add(api, "Mail.EXAMPLE.com")
    stored = row(api, made["id"])
    selector = stored.dkim_selector
    assert made == {
        "id": made["id"],
        "name": "mail.example.com",
        "status": "not_started",
        "created_at": made["created_at"],
        "region": "us-east-1",
        "capabilities": {"sending": "enabled", "receiving": "disabled"},
        "open_tracking": False,
        "click_tracking": False,
        "tracking_subdomain": None,
        "tls": "opportunistic",
        "records": [
            {
                "record": "SPF",
                "name": "send.mail",
                "type": "MX",
                "ttl": "Auto",
                "status": "not_started",
                "value": "feedback-smtp.us-east-1.amazonses.com",
                "priority": 10,
            },
            {
                "record": "SPF",
                "name": "send.mail",
                "type": "TXT",
                "ttl": "Auto",
                "status": "not_started",
                "value": "v=spf1 include:amazonses.com ~all",
            },
            {
                "record": "DKIM",
                "name": f"{selector}._domainkey.mail",
                "type": "TXT",
                "ttl": "Auto",
                "status": "not_started",
                "value": f"p={stored.dkim_public_key}",
            },
        ],
        "dmarc": {"name": "_dmarc.mail", "type": "TXT", "value": "v=DMARC1; p=none;", "ttl": "Auto"},
    }
    assert abs(datetime.fromisoformat(made["created_at"]) - datetime.now(UTC)) < timedelta(seconds=10)
    assert read(api, made["id"]) == made | {"object": "domain"}
    assert jobs(api) == []


def test_the_private_key_is_sealed_and_belongs_to_the_record(api: RunningApi) -> None:
    made = add(api)
    stored = row(api, made["id"])
    der = b64decode(Seal(TERMS.secrets, "dkim").unseal(stored.dkim_private_key))
    key = load_der_private_key(der, password=None)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert b64encode(public).decode() == stored.dkim_public_key
    assert "dkim_private_key" not in api.request("GET", f"/domains/{made['id']}").body.decode()
    assert add(api, "other.example.com")["records"][2]["value"] != made["records"][2]["value"]


def test_what_a_client_chooses_is_kept(shared_api: RunningApi) -> None:
    made = add(
        shared_api,
        "münchen.example",
        region="eu-west-1",
        custom_return_path="Bounces",
        open_tracking=False,
        click_tracking=None,
        tls="opportunistic",
        capabilities={"sending": "enabled", "receiving": "disabled"},
        tracking_subdomain="links",
        unknown="ignored",
    )
    assert (made["name"], made["region"], made["tracking_subdomain"]) == (
        "xn--mnchen-3ya.example",
        "eu-west-1",
        "links",
    )
    assert [record["name"] for record in made["records"][:2]] == ["bounces", "bounces"]
    assert made["records"][0]["value"] == "feedback-smtp.eu-west-1.amazonses.com"


def test_absent_comes_in_two_shapes(shared_api: RunningApi) -> None:
    nothing = {"region": "", "custom_return_path": None, "tls": "", "capabilities": None, "tracking_subdomain": ""}
    made = add(shared_api, "absent.example", **nothing)
    assert (made["region"], made["tls"], made["tracking_subdomain"]) == ("us-east-1", "opportunistic", None)
    assert made["records"][0]["name"] == "send"


@pytest.mark.parametrize(
    ("fields", "name", "about"),
    [
        ({}, "missing_required_field", "name"),
        ({"name": ""}, "missing_required_field", "name"),
        ({"name": "localhost"}, "validation_error", "name"),
        ({"name": "a@example.com"}, "validation_error", "name"),
        ({"name": "a b.com"}, "validation_error", "name"),
        ({"name": "127.0.0.1"}, "validation_error", "name"),
        ({"name": "x_y.com"}, "validation_error", "name"),
        ({"name": "a\nb.com"}, "validation_error", "name"),
        ({"name": f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 10}.com"}, "validation_error", "name"),
        ({"name": 17}, "validation_error", "name"),
        ({"name": "r.example", "region": "the moon"}, "validation_error", "region"),
        ({"name": "r.example", "custom_return_path": "a.b"}, "validation_error", "custom_return_path"),
        ({"name": "r.example", "custom_return_path": "-a"}, "validation_error", "custom_return_path"),
        ({"name": "r.example", "tracking_subdomain": "a b"}, "validation_error", "tracking_subdomain"),
        ({"name": "r.example", "tls": "maybe"}, "validation_error", "tls"),
        ({"name": "r.example", "tls": "enforced"}, "validation_error", "tls"),
        ({"name": "r.example", "open_tracking": True}, "validation_error", "open_tracking"),
        ({"name": "r.example", "click_tracking": True}, "validation_error", "click_tracking"),
        ({"name": "r.example", "capabilities": {"receiving": "enabled"}}, "validation_error", "receiving"),
        ({"name": "r.example", "capabilities": {"sending": "yes"}}, "validation_error", "sending"),
    ],
)
def test_what_is_wrong_is_named(shared_api: RunningApi, fields: dict[str, Any], name: str, about: str) -> None:
    message = expect_refusal(shared_api.request("POST", "/domains", fields), 422, name)
    assert about in message


def test_a_name_belongs_to_one_workspace(api: RunningApi) -> None:
    add(api)
    _, other = api.add_workspace("two")
    for token in (api.token, other):
        taken = api.request("POST", "/domains", {"name": "EXAMPLE.com"}, token=token)
        assert "example.com domain has been registered already" in expect_refusal(taken, 403, "validation_error")


def test_two_who_ask_for_one_name_at_once_make_one_domain(api: RunningApi) -> None:
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(api.request("POST", "/domains", {"name": "example.com"}).status)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 403, 403, 403]


def test_domains_are_listed_whole_or_in_pages(api: RunningApi) -> None:
    names = [f"d{number}.example" for number in range(23)]
    ids = {name: add(api, name)["id"] for name in names}
    whole = api.request("GET", "/domains").json()
    assert (whole["object"], whole["has_more"]) == ("list", False)
    assert [one["name"] for one in whole["data"]] == names[::-1]
    assert set(whole["data"][0]) == set(read(api, ids[names[0]])) - {"records", "dmarc", "object"}
    page = api.request("GET", f"/domains?limit=2&after={ids['d20.example']}").json()
    assert ([one["name"] for one in page["data"]], page["has_more"]) == (["d19.example", "d18.example"], True)
    page = api.request("GET", f"/domains?limit=2&before={ids['d20.example']}").json()
    assert ([one["name"] for one in page["data"]], page["has_more"]) == (["d22.example", "d21.example"], False)
    expect_refusal(api.request("GET", "/domains?limit=101"), 422, "validation_error")


def test_a_domain_is_changed(api: RunningApi) -> None:
    made = add(api, tracking_subdomain="links")
    body = {"id": made["id"], "tracking_subdomain": "go", "capabilities": {"sending": "disabled"}, "name": "no.example"}
    for _ in range(2):  # the second time nothing changes, which is no error
        answer = api.request("PATCH", f"/domains/{made['id']}", body)
        assert (answer.status, answer.json()) == (200, {"object": "domain", "id": made["id"]})
    shown = read(api, made["id"])
    assert (shown["name"], shown["tracking_subdomain"]) == ("example.com", "go")
    assert shown["capabilities"] == {"sending": "disabled", "receiving": "disabled"}
    assert api.request("PATCH", f"/domains/{made['id']}", {"id": made["id"]}).status == 200
    assert read(api, made["id"]) == shown
    refused = api.request("PATCH", f"/domains/{made['id']}", {"open_tracking": True})
    assert "open_tracking" in expect_refusal(refused, 422, "validation_error")


def test_verification_is_asked_for_once_however_often_it_is_asked(api: RunningApi) -> None:
    made = add(api)
    for request_id in ("request-one", "request-two"):
        answer = api.request("POST", f"/domains/{made['id']}/verify", b"", headers={"x-request-id": request_id})
        assert (answer.status, answer.json()) == (200, {"object": "domain", "id": made["id"]})
    assert read(api, made["id"])["status"] == "pending"
    [job] = jobs(api)
    assert (job.kind, job.subject, job.request_id) == ("verify_domain", made["id"], "request-two")
    assert (job.workspace_id, job.hinted_at, job.attempts) == (api.workspace_id, None, 0)
    stored = row(api, made["id"])
    assert abs(stored.verify_asked_at - datetime.now(UTC)) < timedelta(seconds=10)


def test_asking_again_takes_the_job_from_a_worker_that_looked_before(api: RunningApi) -> None:
    made = add(api)
    api.request("POST", f"/domains/{made['id']}/verify")
    with api.database.begin() as connection:
        held = provider_jobs.claim(connection, UUID(made["id"]), lease_seconds=60)
        assert held is not None
    api.request("POST", f"/domains/{made['id']}/verify")
    with api.database.begin() as connection:
        again = provider_jobs.claim(connection, UUID(made["id"]), lease_seconds=60)
        assert again is not None
        assert again.token != held.token
        with pytest.raises(LeaseLost):
            provider_jobs.finish(connection, held)


@pytest.mark.parametrize("status", ["verified", "partially_verified", "partially_failed"])
def test_asking_again_does_not_take_away_what_was_verified(api: RunningApi, status: str) -> None:
    made = add(api)
    set_columns(api, made["id"], status=status, dkim_status="verified", return_path_status="failed")
    api.request("POST", f"/domains/{made['id']}/verify")
    stored = row(api, made["id"])
    assert (stored.status, stored.dkim_status, stored.return_path_status) == (status, "verified", "not_started")
    assert len(jobs(api)) == 1


def test_asking_again_begins_anew_after_a_failure(api: RunningApi) -> None:
    made = add(api)
    set_columns(api, made["id"], status="failed", dkim_status="failed", return_path_status="failed", reason="why")
    api.request("POST", f"/domains/{made['id']}/verify")
    stored = row(api, made["id"])
    assert (stored.status, stored.dkim_status, stored.return_path_status) == ("pending", "not_started", "not_started")
    assert stored.reason is None


def test_what_an_operator_declared_is_not_asked_for(api: RunningApi) -> None:
    made = add(api)
    with api.database.begin() as connection:
        held = domains.hold_by_name(connection, "example.com")
        assert held is not None
        domains.declare(connection, held)
    assert api.request("POST", f"/domains/{made['id']}/verify").status == 200
    shown = read(api, made["id"])
    assert (shown["status"], shown["records"]) == ("verified", [])
    assert jobs(api) == []


def test_a_deleted_domain_is_gone_and_the_provider_will_be_told(api: RunningApi) -> None:
    made = add(api)
    selector = row(api, made["id"]).dkim_selector
    api.request("POST", f"/domains/{made['id']}/verify")
    with api.database.begin() as connection:
        held = provider_jobs.claim(connection, UUID(made["id"]), lease_seconds=60)
    assert held is not None
    answer = api.request("DELETE", f"/domains/{made['id']}", {}, headers={"x-request-id": "request-gone"})
    assert (answer.status, answer.json()) == (200, {"object": "domain", "id": made["id"], "deleted": True})
    assert row(api, made["id"]) is None
    [job] = jobs(api)
    assert (job.kind, job.subject, job.request_id) == ("remove_domain", f"example.com {selector}", "request-gone")
    # The worker that holds the verification may be just about to register the domain.
    assert job.due_at > datetime.now(UTC) + timedelta(seconds=30)
    for method in ("GET", "DELETE", "PATCH"):
        expect_refusal(api.request(method, f"/domains/{made['id']}", {}), 404, "not_found")
    assert add(api)["records"][2]["name"] != made["records"][2]["name"]


def test_a_removal_that_nobody_hinders_is_due_at_once(api: RunningApi) -> None:
    made = add(api)
    api.request("DELETE", f"/domains/{made['id']}")
    [job] = jobs(api)
    with api.database.begin() as connection:
        assert provider_jobs.claim(connection, job.id, lease_seconds=60) is not None


def test_another_workspace_has_no_such_domain(api: RunningApi) -> None:
    made = add(api)
    _, other = api.add_workspace("two")
    assert api.request("GET", "/domains", token=other).json()["data"] == []
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/verify")):
        foreign = api.request(method, f"/domains/{made['id']}{path}", {}, token=other)
        unknown = api.request(method, f"/domains/{uuid4()}{path}", {}, token=other)
        assert expect_refusal(foreign, 404, "not_found") == expect_refusal(unknown, 404, "not_found")
        expect_refusal(api.request(method, f"/domains/17{path}", {}), 422, "invalid_parameter")
    assert read(api, made["id"])["status"] == "not_started"


def test_a_sending_key_sees_no_domains(shared_api: RunningApi) -> None:
    token = new_token()
    with shared_api.database.begin() as connection:
        api_keys.add(
            connection,
            workspace_id=shared_api.workspace_id,
            name="k",
            token_hash=hash_token(token),
            permission=Permission.SENDING_ACCESS,
        )
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", f"/{uuid4()}"), ("POST", f"/{uuid4()}/verify")):
        expect_refusal(shared_api.request(method, f"/domains{path}", {}, token=token), 401, "restricted_api_key")
