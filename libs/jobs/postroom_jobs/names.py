"""Names that those who hint and those who work must agree on."""

from dataclasses import dataclass

from postroom_domain.lanes import Lane


@dataclass(frozen=True, slots=True)
class Job:
    """A dramatiq actor and its queue. Of what a worker holds, the lowest priority number runs first."""

    actor: str
    queue: str
    priority: int
    ids_per_hint: int = 10


DELIVER = {
    Lane.INTERACTIVE: Job(actor="deliver_interactive", queue="interactive", priority=0),
    Lane.BULK: Job(actor="deliver_bulk", queue="bulk", priority=10),
}

ALONE = Job(actor="deliver_alone", queue="alone", priority=5, ids_per_hint=1)
"""Emails whose last worker died, each tried while its process does nothing else for mail."""

PROVIDER = Job(actor="provider", queue="provider", priority=5, ids_per_hint=1)
"""What the provider is told or asked beside mail; one id a hint, because one job may be several slow calls."""

WEBHOOKS = Job(actor="post_webhook", queue="webhooks", priority=0, ids_per_hint=1)
"""Webhooks that have something to be told, and take it; one id a hint, because each is many requests."""

SLOW_WEBHOOKS = Job(actor="post_slow_webhook", queue="slow_webhooks", priority=0, ids_per_hint=1)
"""The same of those that failed the last time, or took long; they hold up nobody but each other."""

PROVIDER_EVENTS = Job(actor="provider_events", queue="provider_events", priority=5)
"""What the provider told of emails."""

ALL = (*DELIVER.values(), ALONE, PROVIDER, PROVIDER_EVENTS, WEBHOOKS, SLOW_WEBHOOKS)
