"""``POST /hooks/ses``: what is forged, foreign or no message is refused, and nothing is fetched for it."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from postroom_api_testing.exchange import Answer
from postroom_api_testing.hooks import PATH, handed_over, hooks_of, kept, post
from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import RunningApi
from postroom_egress.fetch import Egress
from postroom_testing import ses_events
from postroom_testing.ses_messages import AcceptedMail
from postroom_testing.sns import CERTIFICATE_PATH, SnsServer, encode

REGION = "https://sns.eu-west-1.amazonaws.com"
FOREIGN_ARN = "arn:aws:sns:eu-west-1:210987654321:postroom-events"
HOST = REGION.removeprefix("https://")
Change = Callable[[str], str]


def count(result: str) -> float:
    return REGISTRY.get_sample_value("postroom_provider_messages_total", {"result": result}) or 0.0


def expect_forged(answer: Answer) -> str:
    return expect_refusal(answer, 403, "validation_error")


@pytest.fixture
def mail() -> AcceptedMail:
    return handed_over()


@pytest.fixture
def asked() -> list[str]:
    """Hosts that were looked up."""
    return []


@pytest.fixture
def aws_api(mariadb_url: str, redis_url: str, sns: SnsServer, asked: list[str]) -> Iterator[RunningApi]:
    """An api that thinks that SNS is where AWS has it; no host has an address here."""

    def look_up(host: str, _port: int) -> list[str]:
        asked.append(host)
        return []

    hooks = hooks_of(None, egress=Egress([], 5, resolver=look_up))
    with RunningApi(mariadb_url, redis_url, hooks=hooks) as running:
        yield running


@pytest.mark.parametrize("name", ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"])
@pytest.mark.parametrize("version", ["1", "2"])
def test_no_signed_field_can_be_altered(
    mariadb_hook_api: RunningApi, sns: SnsServer, mail: AcceptedMail, name: str, version: str
) -> None:
    message = sns.notification(ses_events.send(mail), version=version)
    others = {"TopicArn": FOREIGN_ARN, "Type": "UnsubscribeConfirmation"}
    expect_forged(post(mariadb_hook_api, message | {name: others.get(name, message[name] + "1")}))
    assert kept(mariadb_hook_api) == {}
    assert post(mariadb_hook_api, message).status == 200
    assert list(kept(mariadb_hook_api)) == [message["MessageId"]]


@pytest.mark.parametrize("name", ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"])
def test_no_field_of_a_confirmation_can_be_altered(mariadb_hook_api: RunningApi, sns: SnsServer, name: str) -> None:
    message = sns.confirmation()
    others = {"TopicArn": FOREIGN_ARN, "Type": "UnsubscribeConfirmation"}
    expect_forged(post(mariadb_hook_api, message | {name: others.get(name, message[name] + "1")}))
    assert sns.confirmed == []
    assert [path for path in sns.requests if path != CERTIFICATE_PATH] == []


def test_no_field_can_be_left_out_or_put_in(mariadb_hook_api: RunningApi, sns: SnsServer, mail: AcceptedMail) -> None:
    with_subject = sns.notification(ses_events.send(mail))
    without = sns.notification(ses_events.send(mail), Subject=None)
    del with_subject["Subject"]
    expect_forged(post(mariadb_hook_api, with_subject))
    expect_forged(post(mariadb_hook_api, without | {"Subject": "Amazon SES Email Event Notification"}))
    confirmation = sns.confirmation()
    del confirmation["Token"]
    expect_forged(post(mariadb_hook_api, confirmation))
    assert post(mariadb_hook_api, without).status == 200


def test_one_signature_does_not_fit_a_message_that_is_cut_otherwise(
    mariadb_hook_api: RunningApi, sns: SnsServer, mail: AcceptedMail
) -> None:
    message = sns.notification(ses_events.send(mail))
    assert post(mariadb_hook_api, message).json()["result"] == "kept"
    recut = message | {"MessageId": f"{message['MessageId']}\nSubject\n{message['Subject']}"}
    del recut["Subject"]
    assert post(mariadb_hook_api, recut).status == 400
    moved = message | {"Timestamp": f"{message['Timestamp']}\nTopicArn\n{message['TopicArn']}"}
    expect_forged(post(mariadb_hook_api, moved))


@pytest.mark.parametrize(
    "change",
    [
        {"Signature": ""},
        {"Signature": "no base64"},
        {"Signature": base64.b64encode(b"x" * 256).decode()},
        {"SignatureVersion": "2"},
        {"SignatureVersion": "3"},
        {"SignatureVersion": ""},
    ],
)
def test_a_wrong_signature_is_refused_and_counted(
    mariadb_hook_api: RunningApi, sns: SnsServer, mail: AcceptedMail, change: dict[str, str]
) -> None:
    before = count("forged")
    expect_forged(post(mariadb_hook_api, sns.notification(ses_events.send(mail)) | change))
    assert count("forged") == before + 1
    assert kept(mariadb_hook_api) == {}


def test_another_key_is_refused(mariadb_hook_api: RunningApi, sns: SnsServer, mail: AcceptedMail) -> None:
    other = SnsServer()
    message = other.notification(ses_events.send(mail)) | {"SigningCertURL": sns.origin + CERTIFICATE_PATH}
    other.start()
    other.close()
    expect_forged(post(mariadb_hook_api, message))


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}{CERTIFICATE_PATH}",
        f"https://{HOST}.evil.example{CERTIFICATE_PATH}",
        f"https://evil.example/{HOST}{CERTIFICATE_PATH}",
        f"https://evil.example{CERTIFICATE_PATH}",
        f"https://{HOST}@evil.example{CERTIFICATE_PATH}",
        f"https://user@{HOST}{CERTIFICATE_PATH}",
        f"https://user:password@{HOST}{CERTIFICATE_PATH}",
        f"https://{HOST}:443{CERTIFICATE_PATH}",
        f"https://{HOST}:8443{CERTIFICATE_PATH}",
        f"https://{HOST}.{CERTIFICATE_PATH}",
        f"https://{HOST}.cn{CERTIFICATE_PATH}",
        f"https://sns.us-east-1.amazonaws.com{CERTIFICATE_PATH}",
        f"https://sns.amazonaws.com{CERTIFICATE_PATH}",
        f"https://s3.eu-west-1.amazonaws.com{CERTIFICATE_PATH}",
        f"https://sns.eu-west-1.amazonaws.com.cn{CERTIFICATE_PATH}",
        f"https://snsXeu-west-1.amazonaws.com{CERTIFICATE_PATH}",
        f"https://SNS.eu-west-1.amazonaws.com{CERTIFICATE_PATH}",
        f"HTTPS://{HOST}{CERTIFICATE_PATH}",
        f" {REGION}{CERTIFICATE_PATH}",
        f"{REGION}{CERTIFICATE_PATH}\n",
        f"{REGION}{CERTIFICATE_PATH}?x=1",
        f"{REGION}{CERTIFICATE_PATH}#x",
        f"{REGION}{CERTIFICATE_PATH}/",
        f"{REGION}{CERTIFICATE_PATH.upper()}",
        f"{REGION}/../..{CERTIFICATE_PATH}",
        f"{REGION}/x/..{CERTIFICATE_PATH}",
        f"{REGION}/%2e%2e{CERTIFICATE_PATH}",
        f"{REGION}//evil.example{CERTIFICATE_PATH}",
        f"{REGION}\\@evil.example{CERTIFICATE_PATH}",
        f"{REGION}/?Action=Unsubscribe&x=.pem",
        f"{REGION}/.pem",
        f"{REGION}/certificate",
        "file:///etc/ssl/certificate.pem",
        "",
    ],
)
def test_a_certificate_elsewhere_is_refused_and_not_fetched(
    aws_api: RunningApi, sns: SnsServer, asked: list[str], url: str
) -> None:
    before = count("foreign_certificate")
    expect_forged(post(aws_api, sns.notification("x") | {"SigningCertURL": url}))
    assert asked == []
    assert count("foreign_certificate") == before + 1


def test_a_certificate_of_the_region_is_asked_for(aws_api: RunningApi, sns: SnsServer, asked: list[str]) -> None:
    answer = post(aws_api, sns.notification("x") | {"SigningCertURL": REGION + CERTIFICATE_PATH})
    assert expect_refusal(answer, 503, "service_unavailable")
    assert asked == [HOST]


@pytest.mark.parametrize("make", [SnsServer.notification, SnsServer.confirmation])
@pytest.mark.parametrize(
    "arn",
    [
        FOREIGN_ARN,
        "arn:aws-cn:sns:eu-west-1:123456789012:postroom-events",
        "arn:aws:sns:us-east-1:123456789012:postroom-events",
        "arn:aws:sns:eu-west-1:123456789012:postroom-events2",
        "arn:aws:sns:eu-west-1:123456789012:POSTROOM-events",
        "",
    ],
)
def test_a_foreign_topic_is_refused_and_nothing_fetched(
    mariadb_hook_api: RunningApi, sns: SnsServer, make: Callable[..., dict[str, str]], arn: str
) -> None:
    before = count("foreign_topic")
    text = ["x"] if make is SnsServer.notification else []
    expect_forged(post(mariadb_hook_api, make(sns, *text, TopicArn=arn)))
    assert sns.requests == []
    assert count("foreign_topic") == before + 1


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("https://127.0.0.1", "https://127.0.0.2"),
        lambda url: url.replace("https://", "http://"),
        lambda url: url.replace("https://", "https://user@"),
        lambda url: url.replace("/?", "/other?"),
        lambda url: url.replace("/?", "/x/../?"),
        lambda url: url.replace("ConfirmSubscription", "Unsubscribe"),
        lambda url: url.replace("Token=", "Token=0"),
        lambda url: url.replace("123456789012", "210987654321"),
        lambda url: url + "&AuthenticateOnUnsubscribe=true",
        lambda url: url + "&Action=Unsubscribe",
        lambda url: url + "#x",
        lambda _: "",
    ],
)
def test_a_confirmation_elsewhere_is_refused_and_not_fetched(
    mariadb_hook_api: RunningApi, sns: SnsServer, change: Change
) -> None:
    """Even when it is signed."""
    before = count("foreign_confirmation")
    message = sns.confirmation()
    signed = sns.sign(message | {"SubscribeURL": change(message["SubscribeURL"])})
    expect_forged(post(mariadb_hook_api, signed))
    assert sns.requests in ([], [CERTIFICATE_PATH])
    assert count("foreign_confirmation") == before + 1


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"[]", "Expected"),
        (b"\xff", "no message of Amazon SNS"),
        (b"[" * 5000, "no message of Amazon SNS"),
        (b'{"eventType": "Send", "mail": {}}', "required field"),
        (json.dumps({"Type": "Notification"}).encode(), "required field"),
    ],
)
def test_what_is_no_message_is_refused(mariadb_hook_api: RunningApi, body: bytes, word: str) -> None:
    assert word in expect_refusal(post(mariadb_hook_api, body), 400, "validation_error")


@pytest.mark.parametrize(
    "change",
    [
        {"Type": "Other"},
        {"Type": 1},
        {"MessageId": None},
        {"MessageId": ""},
        {"MessageId": "1" * 101},
        {"MessageId": "1\n"},
        {"Message": {"eventType": "Send"}},
        {"Signature": None},
    ],
)
def test_a_message_of_another_shape_is_refused(
    mariadb_hook_api: RunningApi, sns: SnsServer, change: dict[str, Any]
) -> None:
    body = encode(sns.notification("x") | change)
    assert expect_refusal(post(mariadb_hook_api, body), 400, "validation_error")


def test_raw_delivery_is_refused_with_what_to_do(mariadb_hook_api: RunningApi, mail: AcceptedMail) -> None:
    answer = post(mariadb_hook_api, ses_events.send(mail).encode(), {"x-amz-sns-rawdelivery": "true"})
    assert "raw message delivery" in expect_refusal(answer, 400, "validation_error")


def test_a_large_body_is_refused(mariadb_hook_api: RunningApi, sns: SnsServer) -> None:
    largest = sns.notification('"' * 256 * 1024)
    assert post(mariadb_hook_api, largest).json()["result"] == "kept"
    expect_refusal(post(mariadb_hook_api, sns.notification("x" * 1024 * 1024)), 413, "validation_error")


def test_without_topics_there_is_no_hook(api: RunningApi) -> None:
    expect_refusal(api.request("POST", PATH, b"{}", token=None), 404, "not_found")


@pytest.mark.parametrize(("begins", "days"), [(timedelta(days=-30), 29), (timedelta(days=1), 30)])
def test_a_certificate_that_is_not_valid_now_is_refused(
    mariadb_hook_api: RunningApi, sns: SnsServer, begins: timedelta, days: int
) -> None:
    sns.documents["/other.pem"] = sns.make_certificate(valid_from=datetime.now(UTC) + begins, valid_days=days)
    message = sns.notification("x") | {"SigningCertURL": f"{sns.origin}/other.pem"}
    assert "certificate" in expect_forged(post(mariadb_hook_api, message))
