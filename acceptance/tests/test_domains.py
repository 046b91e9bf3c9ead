"""A domain's way from DNS to its first mail, with the three services and SES as they run."""

from collections.abc import Iterator
from typing import Any

import pytest
import resend

from postroom_acceptance.stack import Stack
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer

SECONDS = 20
NAME = "shop.example"
MAIL: Any = {"from": f"Shop <orders@{NAME}>", "to": ["to@example.com"], "subject": "order", "text": "text"}


@pytest.fixture
def strict_stack(
    mariadb_url: str, redis_url: str, ses_environment: tuple[SesServer, dict[str, str]]
) -> Iterator[Stack]:
    """Senders must be in verified domains, as in production."""
    _, environment = ses_environment
    given = {
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_VERIFIED_DOMAINS_ONLY": "true",
    }
    with Stack(environment | given) as stack:
        resend.api_url = stack.url
        resend.api_key = stack.new_key("one")
        yield stack


def refused() -> bool:
    try:
        resend.Emails.send(MAIL)
    except resend.exceptions.ResendError as problem:
        assert problem.code == 403  # noqa: PT017 - which error it is
        return True
    return False


def records(domain_id: str) -> set[str]:
    shown: Any = resend.Domains.get(domain_id)
    return {record["status"] for record in shown["records"]}


def test_a_domain_is_verified_by_ses_and_then_sends(
    strict_stack: Stack, ses_environment: tuple[SesServer, dict[str, str]]
) -> None:
    ses, _ = ses_environment
    assert refused()
    made: Any = resend.Domains.create({"name": NAME})
    resend.Domains.verify(made["id"])
    wait_until(lambda: records(made["id"]) == {"pending"}, seconds=SECONDS, what="SES to look for the records")
    identity = ses.identities.kept[NAME]
    [dkim] = [record for record in made["records"] if record["record"] == "DKIM"]
    assert dkim["name"] == f"{identity.tokens[0]}._domainkey"
    assert dkim["value"] == f"p={identity.public_key}"
    assert refused()

    identity.dkim = identity.mail_from_status = "SUCCESS"
    resend.Domains.verify(made["id"])
    wait_until(lambda: not refused(), seconds=SECONDS, what="mail from the domain to be accepted")
    shown: Any = resend.Domains.get(made["id"])
    assert (shown["status"], records(made["id"])) == ("verified", {"verified"})
    wait_until(lambda: bool(ses.mails), seconds=SECONDS, what="the mail")

    resend.Domains.remove(made["id"])
    wait_until(lambda: NAME not in ses.identities.kept, seconds=SECONDS, what="SES to forget the domain")
    wait_until(refused, seconds=SECONDS, what="mail from the domain to be refused")


def test_an_operator_vouches_for_a_domain_that_ses_has_from_elsewhere(
    strict_stack: Stack, ses_environment: tuple[SesServer, dict[str, str]]
) -> None:
    resend.Domains.create({"name": NAME})
    assert refused()
    strict_stack.admin("domain", "declare", NAME)
    assert not refused()
    assert "declared" in strict_stack.admin("domain", "list", "--workspace", "one")
