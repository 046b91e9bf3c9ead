"""Whether one request can be followed over all services by its id."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from postroom_domain.webhook_signatures import message_id

Event = Mapping[str, Any]

STEPS = (("api", "email.accepted"), ("worker", "email.sent"), ("worker", "webhook.posted"))


def find_breaks(
    request_id: str, email_id: str, events: Mapping[str, Sequence[Event]], received: Collection[str]
) -> list[str]:
    """Where the trail of an email ends, or goes on under another id.

    Args:
        request_id: that its client was answered.
        email_id: likewise.
        events: of each service.
        received: ids of the deliveries that came to its webhook.
    """
    about = [(service, one) for service, told in events.items() for one in told if one.get("email_id") == email_id]
    breaks = [
        f"{service}: {one['event']} has another request id"
        for service, one in about
        if one.get("request_id") != request_id
    ]
    told = {(service, one["event"]) for service, one in about}
    breaks += [f"{service} does not tell {event}" for service, event in STEPS if (service, event) not in told]
    posted = [message_id(UUID(one["delivery_id"])) for _, one in about if one["event"] == "webhook.posted"]
    return breaks + [f"{one} was told, and never came" for one in posted if one not in received]
