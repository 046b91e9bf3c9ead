"""Every row of the table of errors, provoked over HTTP: its status, its name, and its message."""

import gc
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias
from uuid import uuid4

import pytest
from sqlalchemy import delete, text

from postroom_api.errors import TABLE, Kind
from postroom_api_testing.exchange import Answer
from postroom_api_testing.hooks import PATH, hooks_of
from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL, TERMS, RunningApi
from postroom_api_testing.webhooks import WEBHOOK, create, happen
from postroom_database.models import Event
from postroom_domain.limits import MAX_WEBHOOKS
from postroom_testing.mariadb import MariaDb
from postroom_testing.sns import TOPIC_ARN

# PyMySQL leaves a socket open that it could not connect; it is closed when it is collected, which warns.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

_Provoke: TypeAlias = Callable[[RunningApi], Answer]

UNKNOWN = str(uuid4())
TERMS_OF = {
    "UNVERIFIED_SENDER": replace(TERMS, verified_only=True),
    "RATE_LIMITED": replace(TERMS, requests_per_second=1),
}
"""What an operator decided where the error needs it."""
NO_SNS = "https://127.0.0.1:1"


def post(body: object, path: str = "/emails", **headers: str) -> _Provoke:
    return lambda api: api.request("POST", path, body, headers={n.replace("_", "-"): v for n, v in headers.items()})


def get(path: str, **headers: str) -> _Provoke:
    return lambda api: api.request("GET", path, headers=headers)


def post_unsigned(arn: str) -> _Provoke:
    message = dict.fromkeys(("MessageId", "Message", "Timestamp", "SignatureVersion", "Signature"), "1")
    where = {"TopicArn": arn, "SigningCertURL": f"{NO_SNS}/certificate.pem"}
    return post(message | where | {"Type": "Notification"}, PATH)


def with_sending_key(api: RunningApi) -> Answer:
    key = api.request("POST", "/api-keys", {"name": "k", "permission": "sending_access"}).json()
    return api.request("GET", "/emails", token=key["token"])


def with_bound_key(api: RunningApi) -> Answer:
    domain = api.request("POST", "/domains", {"name": "bound.example.org"}).json()
    asked = {"name": "k", "permission": "sending_access", "domain_id": domain["id"]}
    key = api.request("POST", "/api-keys", asked).json()
    return api.send(token=key["token"])


def register_twice(api: RunningApi) -> Answer:
    answers = [api.request("POST", "/domains", {"name": "twice.example.org"}) for _ in range(2)]
    assert answers[0].status == 201
    return answers[1]


def repeat_a_key(api: RunningApi) -> Answer:
    headers = {"idempotency-key": "k"}
    api.send(headers=headers)
    return api.send(MAIL | {"subject": "other"}, headers=headers)


def use_a_draft(api: RunningApi) -> Answer:
    template = api.request("POST", "/templates", {"name": "t", "html": "<p>x</p>"}).json()
    return api.send(MAIL | {"html": None, "text": None, "template": {"id": template["id"]}})


def cancel_what_is_queued(api: RunningApi) -> Answer:
    return api.request("POST", f"/emails/{api.send().json()['id']}/cancel")


def ask_twice_at_once(api: RunningApi) -> Answer:
    for _ in range(5):  # the first may be the last of its window
        answer = api.request("GET", "/emails")
        if answer.status != 200:
            break
    return answer


def add_one_webhook_too_many(api: RunningApi) -> Answer:
    answers = [api.request("POST", "/webhooks", WEBHOOK) for _ in range(MAX_WEBHOOKS + 1)]
    assert {answer.status for answer in answers[:-1]} == {201}
    return answers[-1]


def replay_what_is_forgotten(api: RunningApi) -> Answer:
    webhook_id = create(api)["id"]
    event_id = happen(api, webhook_id)
    with api.database.begin() as connection:
        connection.execute(delete(Event))
    return api.request("POST", f"/webhooks/{webhook_id}/events/{event_id}/replay")


def fail(api: RunningApi) -> Answer:
    """A table that is not there is a fault that no client caused."""
    with api.database.begin() as connection:
        connection.execute(text("RENAME TABLE content_chunks TO elsewhere"))
    try:
        email = api.send()
    finally:
        with api.database.begin() as connection:
            connection.execute(text("RENAME TABLE elsewhere TO content_chunks"))
    return email


PROVOKED: dict[str, _Provoke] = {
    "UNREADABLE_BODY": post(b"{"),
    "UNREADABLE_REQUEST": get("/emails", host='a"b'),
    "INVALID_IDEMPOTENCY_KEY": post(MAIL, idempotency_key=""),
    "MISSING_API_KEY": lambda api: api.send(token=None),
    "RESTRICTED_API_KEY": with_sending_key,
    "INVALID_API_KEY": lambda api: api.send(token="re_unknown"),
    "FOREIGN_SENDER": with_bound_key,
    "UNVERIFIED_SENDER": post(MAIL),
    "DOMAIN_TAKEN": register_twice,
    "INVALID_LINK": get(f"/attachments/{UNKNOWN}?expires=1&signature=x"),
    "FORGED_MESSAGE": post_unsigned("arn:aws:sns:eu-west-1:210987654321:foreign"),
    "NOT_FOUND": get(f"/emails/{UNKNOWN}"),
    "NO_ENDPOINT": get("/nowhere"),
    "LOOPBACK_ONLY": get("/inbox", host="mail.example.com"),
    "METHOD_NOT_ALLOWED": lambda api: api.request("PUT", "/emails", MAIL),
    "IDEMPOTENCY_CONFLICT": repeat_a_key,
    "TOO_LARGE": post(MAIL, content_length=str(65 * 1024 * 1024)),
    "MISSING_FIELD": post(MAIL | {"subject": None}),
    "MISSING_CONTENT": post(MAIL | {"html": "", "text": ""}),
    "INVALID_FIELD": post(MAIL | {"to": "nobody"}),
    "INVALID_BODY": post([]),
    "INVALID_BATCH": post([], "/emails/batch"),
    "INVALID_HEADER": post([MAIL], "/emails/batch", x_batch_validation="lenient"),
    "INVALID_PAGE": get("/emails?limit=0"),
    "INVALID_PARAMETER": get("/emails/1"),
    "INVALID_ATTACHMENT": post(MAIL | {"attachments": [{"filename": "a"}]}),
    "INVALID_SUPPRESSION": get("/suppressions/nobody"),
    "UNDECLARED_VARIABLE": post({"name": "t", "html": "{{{X}}}"}, "/templates"),
    "NOT_PUBLISHED": use_a_draft,
    "NOT_SCHEDULED": cancel_what_is_queued,
    "TOO_MANY_WEBHOOKS": add_one_webhook_too_many,
    "FORGOTTEN_EVENT": replay_what_is_forgotten,
    "RATE_LIMITED": ask_twice_at_once,
    "FAILED": fail,
    "UNAVAILABLE": post(MAIL),
    "UNPROVEN_MESSAGE": post_unsigned(TOPIC_ARN),
}


@pytest.fixture
def running(request: pytest.FixtureRequest, mariadb: MariaDb, mariadb_url: str, redis_url: str) -> Iterator[RunningApi]:
    name = request.node.callspec.params["name"]
    terms, hooks = TERMS_OF.get(name, TERMS), hooks_of(NO_SNS)
    with RunningApi(mariadb_url, redis_url, terms=terms, hooks=hooks) as api:
        if name == "UNAVAILABLE":
            assert api.send().status == 200
            mariadb.stop()
        yield api
        mariadb.start()
    gc.collect()


def test_every_row_is_provoked() -> None:
    assert set(PROVOKED) == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_client_is_told_what_the_table_says(running: RunningApi, name: str) -> None:
    kind = TABLE[name]
    message = expect_refusal(PROVOKED[name](running), kind.status, kind.name)
    assert re.fullmatch(pattern(kind), message)
    assert "{" not in message


def pattern(kind: Kind) -> str:
    """The row's text, with anything where something is filled in."""
    return ".+".join(re.escape(part) for part in re.split(r"\{\w+\}", kind.text))
