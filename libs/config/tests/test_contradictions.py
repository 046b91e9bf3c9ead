import pytest

from postroom_config.errors import ConfigError
from postroom_config.listen import ListenSettings
from postroom_config.load import load
from postroom_config.mail import MailSettings
from postroom_config.secrets import SecretSettings
from postroom_config.settings import Settings
from postroom_config.worker import WorkerSettings

EXAMPLE = "an-example-that-everybody-knows-0000"
OWN = "a-secret-of-the-tests-long-enough-to-be-one"


class Api(Settings):
    mail: MailSettings
    secrets: SecretSettings
    listen: ListenSettings


class Worker(Settings):
    mail: MailSettings
    secrets: SecretSettings
    worker: WorkerSettings


class NoMail(Settings):
    secrets: SecretSettings
    listen: ListenSettings
    worker: WorkerSettings


def contradicted(settings: type[Settings], environ: dict[str, str]) -> list[str]:
    """Variables that are contradicted by another."""
    try:
        load(settings, {"POSTROOM_MAIL_URL": "ses://eu-west-1", "POSTROOM_SECRET_KEY": OWN} | environ)
    except ConfigError as error:
        return [problem.variable for problem in error.problems if problem.complaint.startswith("contradiction: ")]
    return []


@pytest.mark.parametrize(("timeout", "lease"), [("30", "65"), ("30", "86400"), ("0.5", "6"), ("1.5", "8")])
def test_a_lease_outlasts_a_call(timeout: str, lease: str) -> None:
    environ = {"POSTROOM_MAIL_TIMEOUT_SECONDS": timeout, "POSTROOM_LEASE_SECONDS": lease}
    assert contradicted(Worker, environ) == []


@pytest.mark.parametrize(("timeout", "lease"), [("30", "64"), ("60", "120"), ("0.6", "6"), ("600", "1")])
def test_a_lease_that_does_not_is_refused(timeout: str, lease: str) -> None:
    environ = {"POSTROOM_MAIL_TIMEOUT_SECONDS": timeout, "POSTROOM_LEASE_SECONDS": lease}
    assert contradicted(Worker, environ) == ["POSTROOM_LEASE_SECONDS"]
    assert contradicted(Api, environ) == []
    assert contradicted(NoMail, environ) == []


@pytest.mark.parametrize("settings", [Api, Worker])
@pytest.mark.parametrize("keys", [EXAMPLE, f"{OWN},{EXAMPLE}", f"{EXAMPLE} ,{OWN}"])
def test_the_examples_key_is_for_an_inbox_only(settings: type[Settings], keys: str) -> None:
    assert contradicted(settings, {"POSTROOM_SECRET_KEY": keys}) == ["POSTROOM_SECRET_KEY"]
    assert contradicted(settings, {"POSTROOM_SECRET_KEY": keys, "POSTROOM_MAIL_URL": "inbox:"}) == []


@pytest.mark.parametrize("host", ["", "127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_an_inbox_is_shown_on_loopback(host: str) -> None:
    assert contradicted(Api, {"POSTROOM_MAIL_URL": "inbox:", "POSTROOM_HOST": host}) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "mail.example.com"])  # noqa: S104 - to be refused
def test_an_inbox_is_shown_elsewhere_on_purpose_only(host: str) -> None:
    environ = {"POSTROOM_MAIL_URL": "inbox:", "POSTROOM_HOST": host}
    assert contradicted(Api, environ) == ["POSTROOM_HOST"]
    assert contradicted(Api, environ | {"POSTROOM_INBOX_EXPOSED": "true"}) == []
    assert contradicted(Api, {"POSTROOM_HOST": host}) == []


def test_all_of_them_are_in_one_report() -> None:
    environ = {
        "POSTROOM_SECRET_KEY": EXAMPLE,
        "POSTROOM_LEASE_SECONDS": "1",
    }
    assert contradicted(Worker, environ) == ["POSTROOM_SECRET_KEY", "POSTROOM_LEASE_SECONDS"]
