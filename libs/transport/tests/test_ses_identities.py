from collections.abc import Callable, Iterator
from typing import Any

import pytest

from postroom_domain.dkim_keys import make_dkim_key
from postroom_domain.domain_states import RecordState
from postroom_domain.quotas import UNLIMITED, Quota
from postroom_testing.ses import SesServer
from postroom_testing.ses_identities import IDENTITIES_PATH, KeptIdentity
from postroom_testing.ses_messages import Behaviour
from postroom_transport.errors import ProviderAway, ProviderRefused
from postroom_transport.factory import open_provider
from postroom_transport.provider import Identity, Provider, Signer

NAME = "example.com"
KEY = make_dkim_key()
SIGNER = Signer(KEY.selector, KEY.private_key.decode())


@pytest.fixture
def provider(ses: SesServer) -> Iterator[Provider]:
    opened = open_provider(ses.mail_url(), timeout_seconds=1)
    assert opened is not None
    yield opened
    opened.close()


@pytest.mark.parametrize("url", ["inbox:", "smtp://host", "smtps://host"])
def test_other_transports_know_nothing_but_mail(url: str) -> None:
    assert open_provider(url, timeout_seconds=1) is None


def test_a_url_that_is_none_is_refused_without_telling_it() -> None:
    for url in ("ses://key:hunter2@eu-west-1", "ses://eu-west-1?hunter2=1", "smtp://user:hunter2@host:port"):
        with pytest.raises(ValueError, match=r".") as caught:
            open_provider(url, timeout_seconds=1)
        assert "hunter2" not in str(caught.value)


def test_an_identity_signs_with_the_key_that_it_was_given(ses: SesServer, provider: Provider) -> None:
    assert provider.find_identity(NAME) is None
    provider.add_identity(NAME, SIGNER)
    kept = ses.identities.kept[NAME]
    assert (kept.origin, kept.tokens, kept.public_key) == ("EXTERNAL", [KEY.selector], KEY.public_key)
    assert kept.configuration_set == "postroom"
    assert provider.find_identity(NAME) == Identity(KEY.selector, RecordState.PENDING, None, RecordState.NOT_STARTED)
    provider.set_return_path(NAME, f"send.{NAME}")
    kept.dkim, kept.mail_from_status = "SUCCESS", "FAILED"
    assert provider.find_identity(NAME) == Identity(
        KEY.selector, RecordState.VERIFIED, f"send.{NAME}", RecordState.FAILED
    )


def test_an_identity_without_configuration_set(ses: SesServer) -> None:
    provider = open_provider(ses.mail_url(None), timeout_seconds=1)
    assert provider is not None
    provider.add_identity(NAME, SIGNER)
    provider.close()
    assert ses.identities.kept[NAME].configuration_set is None


def test_an_identity_that_is_there_stays_as_it_is(ses: SesServer, provider: Provider) -> None:
    ses.identities.kept[NAME] = theirs = KeptIdentity(dkim="SUCCESS")
    provider.add_identity(NAME, SIGNER)
    assert ses.identities.kept[NAME] is theirs
    assert theirs.origin == "AWS_SES"
    assert provider.find_identity(NAME) == Identity(None, RecordState.VERIFIED, None, RecordState.NOT_STARTED)


def test_a_record_is_looked_for_anew(ses: SesServer, provider: Provider) -> None:
    provider.add_identity(NAME, SIGNER)
    kept = ses.identities.kept[NAME]
    kept.dkim = "FAILED"
    provider.renew_signer(NAME, SIGNER)
    assert (kept.dkim, kept.looks, kept.public_key) == ("PENDING", 2, KEY.public_key)


def test_what_is_not_there_is_removed_already(ses: SesServer, provider: Provider) -> None:
    provider.add_identity(NAME, SIGNER)
    ses.identities.suppressed.add("a+b@example.com")
    for _ in range(2):
        provider.remove_identity(NAME)
        provider.unsuppress("a+b@example.com")
    assert ses.identities.kept == {}
    assert ses.identities.suppressed == set()


CALLS: dict[str, Callable[[Provider], Any]] = {
    "find": lambda provider: provider.find_identity(NAME),
    "add": lambda provider: provider.add_identity(NAME, SIGNER),
    "renew": lambda provider: provider.renew_signer(NAME, SIGNER),
    "return path": lambda provider: provider.set_return_path(NAME, f"send.{NAME}"),
    "remove": lambda provider: provider.remove_identity(NAME),
    "unsuppress": lambda provider: provider.unsuppress("a@example.com"),
    "quota": lambda provider: provider.read_quota(),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "behaviour", [Behaviour.THROTTLE, Behaviour.FAIL, Behaviour.HANG, Behaviour.DROP, Behaviour.DROP_AFTER]
)
def test_trouble_that_passes_is_told_apart_after_one_request(
    ses: SesServer, provider: Provider, call: str, behaviour: Behaviour
) -> None:
    if call != "add":
        ses.identities.kept[NAME] = KeptIdentity()
    ses.identities.suppressed.add("a@example.com")
    ses.always_managing(behaviour)
    with pytest.raises(ProviderAway) as caught:
        CALLS[call](provider)
    assert str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(ses.requests) == 1


def test_what_ses_will_never_do_is_refused(provider: Provider) -> None:
    with pytest.raises(ProviderRefused, match="BadRequestException: The private key is no RSA key"):
        provider.add_identity(NAME, Signer("s1", "bm8ga2V5"))
    provider.add_identity(NAME, SIGNER)
    with pytest.raises(ProviderRefused, match="not a subdomain"):
        provider.set_return_path(NAME, "send.other.com")


def test_a_configuration_set_that_is_not_there_is_an_operators_to_mend(ses: SesServer, provider: Provider) -> None:
    ses.configuration_sets.clear()
    with pytest.raises(ProviderAway, match="Configuration set <postroom> does not exist"):
        provider.add_identity(NAME, SIGNER)
    assert ses.count("POST", IDENTITIES_PATH) == 1


def test_the_private_key_is_in_no_text(provider: Provider) -> None:
    assert SIGNER.private_key not in repr(SIGNER)
    with pytest.raises(ProviderAway) as caught:
        provider.renew_signer(NAME, SIGNER)
    assert SIGNER.private_key not in str(caught.value)


def test_the_quota_is_the_accounts(ses: SesServer, provider: Provider) -> None:
    assert provider.read_quota() == Quota(14.0, 50_000.0, 0.0, sending_enabled=True)
    ses.max_send_rate, ses.max_24_hour_send, ses.sending_enabled = 0.5, -1.0, False
    assert provider.read_quota() == Quota(0.5, UNLIMITED, 0.0, sending_enabled=False)
