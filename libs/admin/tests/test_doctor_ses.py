"""What the doctor says of SES: each thing that can be wrong, found alone and with how to mend it."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update

from postroom_database.engine import Database
from postroom_database.models import Domain
from postroom_database.repositories import domains
from postroom_database.repositories.domains import SealedKey
from postroom_domain.ids import new_id
from postroom_testing.domains import new_domain
from postroom_testing.ses import SesServer, make_destination
from postroom_testing.ses_identities import KeptIdentity
from postroom_testing.ses_messages import Behaviour
from postroom_testing.sns import TOPIC_ARN, SnsServer

HOOK = "https://postroom.example.com/hooks/ses"
SUBSCRIBED = ("https", HOOK, f"{TOPIC_ARN}:1")
OTHER_TOPIC = TOPIC_ARN.replace("events", "other")


@dataclass
class Cloud:
    """A deploy on SES with which nothing is wrong."""

    admin: Any
    database: Database
    ses: SesServer
    sns: SnsServer

    def examine(self) -> tuple[int, str, list[str]]:
        """The exit code, the mark of mail, and what is wrong with it."""
        done = self.admin("doctor")
        mark, rest = re.split(r"(?m)^(ok|warn|FAIL) +mail ", done.stdout)[1:]
        return done.exit_code, mark, [line.strip() for line in rest.splitlines()[1:]]

    def add_domain(self, name: str = "example.com", **values: Any) -> None:
        with self.database.begin() as connection:
            made = domains.add(connection, new_id(), new_domain(name), SealedKey("s", "public", "sealed"))
            values = {"status": "verified"} | values
            connection.execute(update(Domain).where(Domain.id == made.id).values(values))

    def destine(self, *destinations: dict[str, Any]) -> None:
        self.ses.event_destinations = list(destinations)


@pytest.fixture
def cloud(admin: Any, database: Database, ses: SesServer, sns: SnsServer, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", sns.origin)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(sns.authority))
    admin.environment |= {"POSTROOM_MAIL_URL": ses.mail_url(), "POSTROOM_SES_TOPICS": TOPIC_ARN}
    sns.subscriptions.append(SUBSCRIBED)
    made = Cloud(admin, database, ses, sns)
    made.add_domain()
    ses.identities.kept["example.com"] = KeptIdentity(dkim="SUCCESS")
    return made


def test_nothing_is_wrong_with_an_ses_that_is_set_up(cloud: Cloud) -> None:
    assert cloud.examine() == (0, "ok", [])
    assert "SES in eu-west-1: 14/s, 0 of 50000 in 24 h; access: production" in cloud.admin.said[-1]


WRONG: dict[str, tuple[Callable[[Cloud], object], str, str]] = {
    "sandbox": (
        lambda cloud: setattr(cloud.ses, "production", False),
        "the account is in SES's sandbox: only recipients that are verified in SES get mail",
        "request production access",
    ),
    "reputation": (
        lambda cloud: setattr(cloud.ses, "enforcement", "PROBATION"),
        "SES has the account under review: PROBATION",
        "`workspace suspend`",
    ),
    "quota": (
        lambda cloud: setattr(cloud.ses, "sent_before", 40_000.0),
        "40000 of 50000 recipients of 24 hours are used",
        "request a higher sending quota",
    ),
    "no set": (
        lambda cloud: cloud.admin.environment.update(POSTROOM_MAIL_URL=cloud.ses.mail_url(configuration_set=None)),
        "no configuration set is named",
        "add ?configuration_set=NAME to POSTROOM_MAIL_URL",
    ),
    "no destination": (
        lambda cloud: cloud.destine(),
        "the configuration set postroom sends its events to no SNS topic",
        "add an event destination with an SNS topic to it",
    ),
    "another kind of destination": (
        lambda cloud: cloud.destine(make_destination(None)),
        "the configuration set postroom sends its events to no SNS topic",
        "add an event destination with an SNS topic to it",
    ),
    "disabled destination": (
        lambda cloud: cloud.destine(make_destination(), make_destination(Name="old", Enabled=False)),
        "the event destination old is disabled",
        "enable it, or remove it",
    ),
    "too few types": (
        lambda cloud: cloud.destine(
            make_destination(MatchingEventTypes=["SEND", "DELIVERY", "DELIVERY_DELAY", "OPEN"])
        ),
        "the configuration set postroom does not tell of BOUNCE, COMPLAINT, REJECT",
        "add these types to its event destination",
    ),
    "too few types to ours": (
        lambda cloud: cloud.destine(
            make_destination(MatchingEventTypes=["SEND", "DELIVERY"]),
            make_destination(MatchingEventTypes=["BOUNCE", "COMPLAINT", "REJECT"]),
            make_destination(OTHER_TOPIC),
        ),
        "the configuration set postroom does not tell of DELIVERY_DELAY",
        "add these types to its event destination",
    ),
    "no topic of ours": (
        lambda cloud: cloud.destine(make_destination(OTHER_TOPIC, MatchingEventTypes=["SEND"])),
        f"SES publishes to {OTHER_TOPIC}, from which the api takes nothing",
        "add it to POSTROOM_SES_TOPICS",
    ),
    "no subscription": (
        lambda cloud: cloud.sns.subscriptions.clear(),
        f"nobody subscribed the api to {TOPIC_ARN}",
        "subscribe https://HOST/hooks/ses once the api runs",
    ),
    "a subscription of others": (
        lambda cloud: setattr(
            cloud.sns, "subscriptions", [("email", "a@example.com", "arn:1"), ("https", "x", "arn:2")]
        ),
        f"nobody subscribed the api to {TOPIC_ARN}",
        "subscribe https://HOST/hooks/ses once the api runs",
    ),
    "a subscription that nobody confirmed": (
        lambda cloud: setattr(cloud.sns, "subscriptions", [("https", HOOK, "PendingConfirmation")]),
        f"the subscription of {HOOK} to {TOPIC_ARN} is not confirmed",
        "request the confirmation again",
    ),
    "unknown identity": (
        lambda cloud: cloud.ses.identities.kept.clear(),
        "SES does not know example.com, which may be sent from here",
        "`domain show example.com`",
    ),
    "unverified identity": (
        lambda cloud: setattr(cloud.ses.identities.kept["example.com"], "dkim", "PENDING"),
        "SES lets nobody send from example.com",
        "publish the records of the domain",
    ),
    "unsigned identity": (
        lambda cloud: cloud.ses.identities.kept.update({"example.com": KeptIdentity(dkim="FAILED", verified=True)}),
        "mail from example.com is not signed: DKIM is FAILED in SES",
        "publish its DKIM record",
    ),
}
"""What is made wrong, what is said of it, and how it is mended."""


@pytest.mark.parametrize("name", WRONG)
def test_each_thing_that_is_wrong_is_found_alone_and_says_how_it_is_mended(cloud: Cloud, name: str) -> None:
    make_wrong, problem, mend = WRONG[name]
    make_wrong(cloud)
    code, mark, [found] = cloud.examine()
    assert (code, mark) == (1, "warn")
    said, how = found.split("; to mend it: ")
    assert said.startswith(problem)
    assert mend in how


def test_one_subscription_among_many_is_enough(cloud: Cloud) -> None:
    others = [("email", f"{number}@example.com", str(number)) for number in range(4)]
    cloud.sns.subscriptions = [
        *others,
        ("https", "https://old.example.com/hooks/ses", "PendingConfirmation"),
        SUBSCRIBED,
    ]
    assert cloud.examine() == (0, "ok", [])


def test_topics_of_others_are_nothing_of_ours(cloud: Cloud) -> None:
    cloud.destine(
        make_destination(MatchingEventTypes=["SEND", "DELIVERY", "DELIVERY_DELAY"]),
        make_destination(MatchingEventTypes=["BOUNCE", "COMPLAINT", "REJECT"]),
        make_destination(OTHER_TOPIC, MatchingEventTypes=["SEND"]),
        make_destination(OTHER_TOPIC, Enabled=False),
    )
    assert cloud.examine() == (0, "ok", [])


def test_domains_are_asked_for_at_the_pace_that_ses_allows_and_it_says_so(cloud: Cloud) -> None:
    """One a second (AWS, "Service quotas in Amazon SES"), for the whole account: the worker asks, too."""
    for number in range(3):
        cloud.add_domain(f"{number}.example.com")
        cloud.ses.identities.kept[f"{number}.example.com"] = KeptIdentity(dkim="SUCCESS")
    started = time.monotonic()
    done = cloud.admin("doctor")
    assert (done.exit_code, done.stderr) == (0, "SES is asked for 4 domains, one a second.\n")
    assert time.monotonic() - started >= 3


def test_few_domains_are_no_news(cloud: Cloud) -> None:
    assert cloud.admin("doctor").stderr == ""


def test_domains_that_are_too_many_are_counted(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom_admin.doctor._MOST_SENDERS", 1)
    cloud.add_domain("second.example.com")
    done = cloud.admin("doctor")
    assert (done.exit_code, done.stderr) == (0, "There are more domains: SES is asked for the first 1 only.\n")


@pytest.mark.parametrize(
    ("place", "what"),
    [(1, "the account"), (2, "the configuration set's event destinations"), (3, "the identity example.com")],
)
def test_an_ses_that_does_not_answer_is_no_permission_that_is_missing(cloud: Cloud, place: int, what: str) -> None:
    cloud.add_domain("second.example.com")  # which is not asked for then: it would wait in vain, too
    cloud.ses.identities.kept["second.example.com"] = KeptIdentity(dkim="SUCCESS")
    cloud.ses.script_managing(*[Behaviour.ACCEPT] * place, Behaviour.FAIL)
    code, mark, [found] = cloud.examine()
    assert (code, mark) == (1, "warn")
    said, mend = found.split("; to mend it: ")
    assert said.startswith(f"{what} was not looked at: AWS did not answer, or not now (InternalFailure")
    assert mend == "see that this process reaches it, and run `doctor` again"


def test_domains_after_one_that_ses_did_not_answer_for_are_not_asked_for(cloud: Cloud) -> None:
    cloud.add_domain("second.example.com")
    cloud.ses.script_managing(*[Behaviour.ACCEPT] * 3, Behaviour.FAIL)
    cloud.examine()
    assert cloud.ses.count("GET", "/v2/email/identities/second.example.com") == 0


def test_all_findings_are_told_at_once(cloud: Cloud) -> None:
    cloud.ses.production = False
    cloud.sns.subscriptions.clear()
    cloud.ses.identities.kept.clear()
    cloud.add_domain("declared.example.com", declared=True)
    cloud.add_domain("pending.example.com", status="pending")
    cloud.add_domain("receiving.example.com", sending="disabled")
    _, _, found = cloud.examine()
    assert [line.split()[:4] for line in found] == [
        ["the", "account", "is", "in"],
        ["nobody", "subscribed", "the", "api"],
        ["SES", "does", "not", "know"],
        ["SES", "does", "not", "know"],
    ]


def test_what_may_not_be_looked_at_is_told_beside_the_rest(cloud: Cloud) -> None:
    cloud.admin.environment["POSTROOM_SES_TOPICS"] = f"{TOPIC_ARN},{OTHER_TOPIC}"
    code, mark, [found] = cloud.examine()
    assert (code, mark) == (1, "warn")
    said = f"the subscriptions of {OTHER_TOPIC} cannot be looked at: AuthorizationError: The tests wanted it so."
    assert found == f"{said}; to mend it: allow this process's role sns:ListSubscriptionsByTopic"


@pytest.mark.parametrize(
    ("place", "action"),
    [
        (1, "ses:GetAccount"),
        (2, "ses:GetConfigurationSetEventDestinations"),
        (3, "ses:GetEmailIdentity"),
    ],
)
def test_a_call_that_is_denied_names_the_permission(cloud: Cloud, place: int, action: str) -> None:
    cloud.ses.script_managing(*[Behaviour.ACCEPT] * place, Behaviour.DENY)
    code, mark, [found] = cloud.examine()
    assert (code, mark) == (1, "warn")
    assert "cannot be looked at: AccessDenied" in found
    assert found.endswith(f"to mend it: allow this process's role {action}")


def test_sending_that_is_paused_and_a_set_that_is_not_there_fail(cloud: Cloud) -> None:
    cloud.ses.sending_enabled = False
    assert cloud.examine()[:2] == (1, "FAIL")
    cloud.ses.sending_enabled = True
    cloud.ses.configuration_sets.clear()
    code, mark, [mend] = cloud.examine()
    assert (code, mark) == (1, "FAIL")
    assert mend.startswith("to mend it: check POSTROOM_MAIL_URL, and the credentials of this process")


def test_missing_credentials_fail_and_say_where_they_come_from(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("HOME", "/nonexistent")
    code, mark, [mend] = cloud.examine()
    assert (code, mark) == (1, "FAIL")
    assert "Unable to locate credentials" in cloud.admin.said[-1]
    assert mend.endswith("the credentials of this process: a role, a profile, or AWS_* variables")
