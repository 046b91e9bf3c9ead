import base64
import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from postroom_domain.errors import ForgedMessage, InvalidCertificate, InvalidTopic
from postroom_domain.sns_signatures import SigningCertificate, string_to_sign
from postroom_domain.sns_topics import parse_topic

ARN = "arn:aws:sns:eu-west-1:123456789012:postroom-events"
KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
SHA_1, SHA_256 = SHA1(), SHA256()  # noqa: S303 - what AWS signs with by default
NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
NOTIFICATION: dict[str, str | None] = {
    "Message": "first line\nsecond line ✓",
    "MessageId": "m-1",
    "Subject": "subject",
    "Timestamp": "2026-01-02T00:00:00.000Z",
    "TopicArn": ARN,
    "Type": "Notification",
}
CONFIRMATION = NOTIFICATION | {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://u", "Token": "t"}


def make_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = KEY) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - DAY, NOW + DAY)
    return builder.sign(key, SHA_256).public_bytes(Encoding.PEM)


def sign(text: str, algorithm: HashAlgorithm) -> str:
    return base64.b64encode(KEY.sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()


def check(fields: dict[str, str | None], signature: str, *, version: str = "1", now: dt.datetime = NOW) -> None:
    SigningCertificate(make_pem()).check(fields, version=version, signature=signature, now=now)


def test_what_is_signed_is_what_aws_documents() -> None:
    assert string_to_sign(NOTIFICATION).decode() == (
        "Message\nfirst line\nsecond line ✓\nMessageId\nm-1\nSubject\nsubject\nTimestamp\n2026-01-02T00:00:00.000Z\n"
        f"TopicArn\n{ARN}\nType\nNotification\n"
    )
    assert string_to_sign(NOTIFICATION | {"Subject": None}).decode() == (
        "Message\nfirst line\nsecond line ✓\nMessageId\nm-1\nTimestamp\n2026-01-02T00:00:00.000Z\n"
        f"TopicArn\n{ARN}\nType\nNotification\n"
    )
    assert string_to_sign(CONFIRMATION).decode() == (
        "Message\nfirst line\nsecond line ✓\nMessageId\nm-1\nSubscribeURL\nhttps://u\n"
        f"Timestamp\n2026-01-02T00:00:00.000Z\nToken\nt\nTopicArn\n{ARN}\nType\nSubscriptionConfirmation\n"
    )


@pytest.mark.parametrize("fields", [NOTIFICATION, CONFIRMATION, CONFIRMATION | {"Type": "UnsubscribeConfirmation"}])
@pytest.mark.parametrize(("version", "algorithm"), [("1", SHA_1), ("2", SHA_256)])
def test_a_signature_holds_for_its_version_and_all_its_fields(
    fields: dict[str, str | None], version: str, algorithm: HashAlgorithm
) -> None:
    signature = sign(string_to_sign(fields).decode(), algorithm)
    check(fields, signature, version=version)
    with pytest.raises(ForgedMessage):
        check(fields, signature, version={"1": "2", "2": "1"}[version])
    for name in fields.keys() - {"Type"} - ({"Subject"} if "Token" in fields else set()):
        with pytest.raises(ForgedMessage):
            check(fields | {name: f"{fields[name]}x"}, signature, version=version)


@pytest.mark.parametrize("name", ["MessageId", "Subject", "Timestamp", "TopicArn"])
def test_no_field_but_the_message_holds_a_line_break(name: str) -> None:
    with pytest.raises(ForgedMessage, match=name):
        string_to_sign(NOTIFICATION | {name: "a\nb"})


@pytest.mark.parametrize(
    "fields",
    [
        NOTIFICATION | {"MessageId": None},
        NOTIFICATION | {"Type": None},
        NOTIFICATION | {"Type": "Other"},
        CONFIRMATION | {"Token": None},
        CONFIRMATION | {"SubscribeURL": None},
    ],
)
def test_what_is_incomplete_is_not_signed(fields: dict[str, str | None]) -> None:
    with pytest.raises(ForgedMessage):
        string_to_sign(fields)


@pytest.mark.parametrize("signature", ["", "!", "AAAA", "ä"])
def test_what_is_no_signature_is_refused(signature: str) -> None:
    with pytest.raises(ForgedMessage):
        check(NOTIFICATION, signature)


def test_a_certificate_holds_in_its_time() -> None:
    signature = sign(string_to_sign(NOTIFICATION).decode(), SHA_1)
    check(NOTIFICATION, signature, now=NOW + DAY)
    for now in (NOW + DAY + dt.timedelta(seconds=1), NOW - DAY - dt.timedelta(seconds=1)):
        with pytest.raises(ForgedMessage, match="certificate"):
            check(NOTIFICATION, signature, now=now)


@pytest.mark.parametrize(
    "pem", [b"", b"\xff", make_pem()[:-40], make_pem(ec.generate_private_key(ec.SECP256R1()))], ids=len
)
def test_what_is_no_certificate_of_an_rsa_key_is_refused(pem: bytes) -> None:
    with pytest.raises(InvalidCertificate):
        SigningCertificate(pem)


@pytest.mark.parametrize(
    ("arn", "origin"),
    [
        (ARN, "https://sns.eu-west-1.amazonaws.com"),
        ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:t", "https://sns.us-gov-west-1.amazonaws.com"),
        ("arn:aws-cn:sns:cn-north-1:123456789012:t", "https://sns.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_a_topic_is_served_by_the_sns_of_its_region(arn: str, origin: str) -> None:
    topic = parse_topic(arn)
    assert (topic.arn, topic.origin) == (arn, origin)
    assert topic.serves_certificate(f"{origin}/SimpleNotificationService-0a.pem")
    assert topic.takes_confirmation(f"{origin}/?Action=ConfirmSubscription&TopicArn={arn}&Token=0a", "0a")
    assert not topic.takes_confirmation(f"{origin}/?Action=ConfirmSubscription&TopicArn={arn}&Token=0a", "0b")


def test_another_sns_can_be_named() -> None:
    topic = parse_topic(ARN, origin="https://sns.example:8443")
    assert topic.serves_certificate("https://sns.example:8443/a.pem")
    assert not topic.serves_certificate("https://sns.example/a.pem")
    assert not topic.serves_certificate("https://sns.eu-west-1.amazonaws.com/a.pem")


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "postroom-events",
        "arn:aws:sns:eu-west-1:123456789012",
        "arn:aws:sns:eu-west-1:123456789012:",
        f"{ARN}:0a-subscription",
        f"{ARN}.fifo",
        f"{ARN}\n",
        f" {ARN}",
        ARN.replace("sns", "sqs"),
        ARN.replace("arn:aws", "arn:other"),
        ARN.replace("123456789012", "12345678901"),
        ARN.replace("eu-west-1", "eu-west-1.evil.example/"),
        ARN.replace("eu-west-1", "EU-WEST-1"),
        ARN.replace("eu-west-1", ""),
    ],
)
def test_what_is_no_topic_is_refused(arn: str) -> None:
    with pytest.raises(InvalidTopic):
        parse_topic(arn)
