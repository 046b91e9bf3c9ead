"""What mail through SES needs, beside a call that is answered: production access, events that come back, identities."""

import time
from collections.abc import Callable, Iterator, Sequence

import click

from postroom_admin.finding import Finding
from postroom_transport.errors import ProviderAway, ProviderDenied, ProviderRefused
from postroom_transport.ses_inspection import EventDestination, SesInspection

_NEEDED = frozenset({"SEND", "DELIVERY", "DELIVERY_DELAY", "BOUNCE", "COMPLAINT", "REJECT"})
"""Types of events without which something is not known of mail: what clients see, or whom not to send to."""
_NEARLY = 0.8
"""The part of a day's quota at which it is told of."""
_SECONDS_EACH = 1.0
"""Between two domains: SES takes one GetEmailIdentity a second (AWS, "Service quotas in Amazon SES")."""
_FEW = 3
"""Domains of which nobody need be told that they are asked for."""
_TELL_EACH = 10
_HOOK = "/hooks/ses"
_HOW = "docs/how-to/receive-ses-events.md says how"


def examine_ses(
    ses: SesInspection, *, configuration_set: str | None, topics: Sequence[str], senders: Sequence[str]
) -> Iterator[Finding]:
    """Everything that is wrong with SES.

    Args:
        ses: to be asked.
        configuration_set: that mail is sent with.
        topics: the ARNs that POSTROOM_SES_TOPICS names.
        senders: domains that mail may come from.
    """
    yield from _guarded("the account", "ses:GetAccount", lambda: _examine_account(ses))
    if configuration_set is None:
        yield Finding(
            "no configuration set is named: SES's events do not come back, and attempts whose outcome is unknown"
            " are settled by sending again",
            "add ?configuration_set=NAME to POSTROOM_MAIL_URL",
        )
    else:
        yield from _guarded(
            "the configuration set's event destinations",
            "ses:GetConfigurationSetEventDestinations",
            lambda: _examine_destinations(ses.event_destinations(configuration_set), configuration_set, topics),
        )
    for arn in topics:
        yield from _guarded(
            f"the subscriptions of {arn}",
            "sns:ListSubscriptionsByTopic",
            lambda arn=arn: _examine_subscriptions(ses, arn),  # type: ignore[misc]  # bound per topic
        )
    yield from _examine_senders(ses, senders)


def _guarded(what: str, action: str, examine: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What cannot be looked at is a finding as well, and hides no other."""
    try:
        yield from examine()
    except (ProviderDenied, ProviderRefused) as problem:
        yield _refused(what, problem, action)
    except ProviderAway as problem:
        yield _unanswered(what, problem)


def _refused(what: str, problem: Exception, action: str) -> Finding:
    return Finding(f"{what} cannot be looked at: {problem}", f"allow this process's role {action}")


def _unanswered(what: str, problem: ProviderAway) -> Finding:
    return Finding(
        f"{what} was not looked at: AWS did not answer, or not now ({problem})",
        "see that this process reaches it, and run `doctor` again",
    )


def _examine_senders(ses: SesInspection, names: Sequence[str]) -> Iterator[Finding]:
    """One after the other, until SES does not answer: each that is left would wait as long for nothing."""
    if len(names) > _FEW:
        click.echo(f"SES is asked for {len(names)} domains, one a second.", err=True)
    for asked, name in enumerate(names):
        if asked:
            time.sleep(_SECONDS_EACH)
            if asked % _TELL_EACH == 0:
                click.echo(f"{asked} so far", err=True)
        what = f"the identity {name}"
        try:
            yield from _examine_sender(ses, name)
        except (ProviderDenied, ProviderRefused) as problem:
            yield _refused(what, problem, "ses:GetEmailIdentity")
        except ProviderAway as problem:
            yield _unanswered(what, problem)
            return


def _examine_account(ses: SesInspection) -> Iterator[Finding]:
    account = ses.account()
    if not account.in_production:
        yield Finding(
            "the account is in SES's sandbox: only recipients that are verified in SES get mail",
            "request production access in the SES console of this region (Account dashboard)",
        )
    if account.enforcement != "HEALTHY":
        yield Finding(
            f"SES has the account under review: {account.enforcement}",
            "see the reputation metrics and the cases in the AWS console, and stop who sends to bad addresses"
            " (`workspace suspend`)",
        )
    if account.per_day >= 0 and account.sent_in_day >= _NEARLY * account.per_day:
        yield Finding(
            f"{account.sent_in_day:g} of {account.per_day:g} recipients of 24 hours are used: mail beyond them waits",
            "request a higher sending quota in the SES console; `quota` shows what waits",
        )


def _examine_destinations(
    destinations: Sequence[EventDestination], configuration_set: str, topics: Sequence[str]
) -> Iterator[Finding]:
    """Topics that are nobody's here are others' business, as long as one is ours."""
    ours = [one for one in destinations if one.topic_arn in topics]
    looked_at = ours or [one for one in destinations if one.topic_arn is not None]
    told = [one for one in looked_at if one.enabled]
    for one in looked_at:
        if not one.enabled:
            yield Finding(f"the event destination {one.name} is disabled", f"enable it, or remove it: {_HOW}")
    if not told:
        yield Finding(
            f"the configuration set {configuration_set} sends its events to no SNS topic: outcomes are not reported",
            f"add an event destination with an SNS topic to it: {_HOW}",
        )
        return
    missing = _NEEDED.difference(*(one.types for one in told))
    if missing and ours:
        yield Finding(
            f"the configuration set {configuration_set} does not tell of {', '.join(sorted(missing))}",
            f"add these types to its event destination: {_HOW}",
        )
    for arn in sorted({one.topic_arn for one in told if one.topic_arn}.difference(topics)):
        yield Finding(
            f"SES publishes to {arn}, from which the api takes nothing", "add it to POSTROOM_SES_TOPICS of all services"
        )


def _examine_subscriptions(ses: SesInspection, arn: str) -> Iterator[Finding]:
    hooks = [one for one in ses.subscriptions(arn) if one.protocol == "https" and one.endpoint.endswith(_HOOK)]
    if not hooks:
        yield Finding(
            f"nobody subscribed the api to {arn}",
            f"subscribe https://HOST{_HOOK} once the api runs: {_HOW}",
        )
    elif not any(one.is_confirmed for one in hooks):
        yield Finding(
            f"the subscription of {hooks[0].endpoint} to {arn} is not confirmed",
            "the api confirms it as soon as SNS reaches it: see that POSTROOM_SES_TOPICS names the topic and that the"
            " address is reached from outside, then request the confirmation again in the SNS console",
        )


def _examine_sender(ses: SesInspection, name: str) -> Iterator[Finding]:
    sender = ses.sender(name)
    if sender is None:
        yield Finding(
            f"SES does not know {name}, which may be sent from here",
            f"have its client verify it anew, or register it in SES if it was declared: `domain show {name}`",
        )
    elif not sender.may_send:
        yield Finding(f"SES lets nobody send from {name}", f"publish the records of the domain: `domain show {name}`")
    elif sender.dkim != "SUCCESS":
        yield Finding(
            f"mail from {name} is not signed: DKIM is {sender.dkim or 'unknown'} in SES",
            f"publish its DKIM record, and have its client verify it anew: `domain show {name}`",
        )
