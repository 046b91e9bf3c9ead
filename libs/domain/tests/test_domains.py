import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from postroom_domain.addresses import parse_mailbox
from postroom_domain.dkim_keys import make_dkim_key
from postroom_domain.dns_records import Expected, below_zone, list_records
from postroom_domain.domain_names import MAX_DOMAIN, parse_domain, parse_label
from postroom_domain.domain_states import DomainState, RecordState
from postroom_domain.domain_verification import GIVE_UP_SECONDS, judge_domain, pause_seconds
from postroom_domain.errors import InvalidDomain
from postroom_domain.provider_jobs import RemovedDomain

DOMAIN, RECORD = DomainState, RecordState
DAY_SECONDS = 86_400


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("example.com", "example.com"),
        (" Mail.EXAMPLE.com ", "mail.example.com"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("日本.jp", "xn--wgv71a.jp"),
        ("a.test", "a.test"),
    ],
)
def test_a_name_is_kept_as_senders_addresses_are_read(text: str, name: str) -> None:
    assert parse_domain(text) == name
    assert parse_mailbox(f"x@{text.strip()}").domain == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "com",
        "a@b.com",
        "a b.com",
        "1.2.3.4",
        "[1.2.3.4]",
        "-a.com",
        "a..com",
        "a_b.com",
        "a.com.",
        "a>.com",
        "a\n.com",
        f"{'a' * 63}." * 3 + "com",
    ],
)
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(InvalidDomain):
        parse_domain(text)


def test_every_record_below_the_longest_name_can_be_named() -> None:
    longest = ".".join(["a" * 61] * 3 + ["abc"])
    assert len(parse_domain(longest)) == MAX_DOMAIN
    assert len(f"{'r' * 63}.{longest}") <= 253
    with pytest.raises(InvalidDomain, match=str(MAX_DOMAIN)):
        parse_domain(f"b{longest}")


def test_a_label_is_one_part_of_a_name() -> None:
    assert [parse_label(text) for text in ("send", " Bounces-2 ", "a" * 63)] == ["send", "bounces-2", "a" * 63]
    for text in ("", "a.b", "-a", "a-", "a_b", "ä", "a" * 64, "a\nb"):
        with pytest.raises(InvalidDomain):
            parse_label(text)


def test_a_key_pair_fits_together_and_its_selector_is_not_to_be_guessed() -> None:
    one, other = make_dkim_key(), make_dkim_key()
    assert one.selector != other.selector
    assert one.selector.removeprefix("postroom").isalnum()
    key = load_der_private_key(base64.b64decode(one.private_key, validate=True), password=None)
    assert isinstance(key, RSAPrivateKey)
    assert key.key_size == 2048
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert base64.b64encode(public).decode() == one.public_key
    assert one.private_key.decode() not in repr(one)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("example.com", "send"),
        ("mail.example.com", "send.mail"),
        ("a.b.example.com", "send.a.b"),
        ("example.co.uk", "send"),
        ("mail.example.com.au", "send.mail"),
        ("mail.shop.de", "send.mail"),
        ("co.uk", "send"),
        ("mail.com.example.com", "send.mail.com"),
    ],
)
def test_records_are_named_below_the_zone(name: str, shown: str) -> None:
    assert below_zone("send", name) == shown


def test_the_records_are_those_that_ses_looks_for() -> None:
    records = list_records(
        Expected(
            name="mail.example.com",
            region="eu-west-1",
            return_path="bounce",
            selector="s1",
            public_key="KEY",
            dkim=RECORD.VERIFIED,
            return_path_state=RECORD.FAILED,
        )
    )
    assert [(r.record, r.name, r.type, r.value, r.status.value, r.priority) for r in records] == [
        ("SPF", "bounce.mail", "MX", "feedback-smtp.eu-west-1.amazonses.com", "failed", 10),
        ("SPF", "bounce.mail", "TXT", "v=spf1 include:amazonses.com ~all", "failed", None),
        ("DKIM", "s1._domainkey.mail", "TXT", "p=KEY", "verified", None),
    ]


@pytest.mark.parametrize(
    ("dkim", "return_path", "status"),
    [
        (RECORD.VERIFIED, RECORD.VERIFIED, DOMAIN.VERIFIED),
        (RECORD.VERIFIED, RECORD.PENDING, DOMAIN.PARTIALLY_VERIFIED),
        (RECORD.VERIFIED, RECORD.NOT_STARTED, DOMAIN.PARTIALLY_VERIFIED),
        (RECORD.VERIFIED, RECORD.TEMPORARY_FAILURE, DOMAIN.PARTIALLY_VERIFIED),
        (RECORD.VERIFIED, RECORD.FAILED, DOMAIN.PARTIALLY_FAILED),
        (RECORD.FAILED, RECORD.VERIFIED, DOMAIN.FAILED),
        (RECORD.PENDING, RECORD.VERIFIED, DOMAIN.PENDING),
        (RECORD.NOT_STARTED, RECORD.NOT_STARTED, DOMAIN.PENDING),
        (RECORD.TEMPORARY_FAILURE, RECORD.VERIFIED, DOMAIN.PENDING),
    ],
)
def test_dkim_decides_whether_a_domain_may_send(
    dkim: RecordState, return_path: RecordState, status: DomainState
) -> None:
    assert judge_domain(dkim, return_path, before=DOMAIN.PENDING) is status


def test_trouble_in_looking_takes_nothing_away() -> None:
    for before in (DOMAIN.VERIFIED, DOMAIN.PARTIALLY_FAILED):
        assert judge_domain(RECORD.TEMPORARY_FAILURE, RECORD.VERIFIED, before=before) is before
    assert judge_domain(RECORD.PENDING, RECORD.VERIFIED, before=DOMAIN.VERIFIED) is DOMAIN.PENDING
    assert judge_domain(RECORD.FAILED, RECORD.VERIFIED, before=DOMAIN.VERIFIED) is DOMAIN.FAILED


def test_pauses_grow_until_it_is_given_up() -> None:
    waited, pauses = 0.0, []
    while (pause := pause_seconds(DOMAIN.PENDING, waited)) is not None:
        pauses.append(pause)
        waited += pause
    assert (pauses[0], pauses[-1], sorted(pauses)) == (10, 600, pauses)
    assert GIVE_UP_SECONDS <= waited < GIVE_UP_SECONDS + 600
    assert len(pauses) < 600


@pytest.mark.parametrize(
    ("status", "waited", "pause"),
    [
        (DOMAIN.FAILED, 0, None),
        (DOMAIN.VERIFIED, 0, 6 * 3600),
        (DOMAIN.VERIFIED, 300 * DAY_SECONDS, 6 * 3600),
        (DOMAIN.PARTIALLY_FAILED, 10, 6 * 3600),
        (DOMAIN.PARTIALLY_VERIFIED, 10, 10),
        (DOMAIN.PARTIALLY_VERIFIED, 4 * DAY_SECONDS, 6 * 3600),
        (DOMAIN.PENDING, 4 * DAY_SECONDS, None),
    ],
)
def test_a_domain_that_may_send_is_looked_at_for_ever(status: DomainState, waited: float, pause: float | None) -> None:
    assert pause_seconds(status, waited) == pause


def test_a_removed_domain_is_one_line() -> None:
    removed = RemovedDomain("example.com", "s1")
    assert RemovedDomain.parse(str(removed)) == removed
