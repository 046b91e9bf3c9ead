"""From a request about a webhook to what is stored of it, or to an error that names the field."""

from collections.abc import Sequence

from loguru import logger

from postroom_api.errors import MISSING_FIELD, invalid, refuse
from postroom_api.webhook_request import CreateWebhookRequest, UpdateWebhookRequest
from postroom_database.repositories.webhooks import WebhookChange
from postroom_domain.limits import MAX_WEBHOOK_ENDPOINT
from postroom_domain.webhook_events import EVENT_TYPES, NEVER_TOLD, WebhookStatus
from postroom_egress.errors import Refused, Unreachable
from postroom_egress.fetch import Egress

_STATUSES = " or ".join(f"`{status}`" for status in WebhookStatus)


def check_new(asked: CreateWebhookRequest, egress: Egress) -> tuple[str, list[str]]:
    """Endpoint and types of a new webhook. Asks for the addresses of the endpoint's host: not for the event loop.

    Raises:
        ApiError: naming the field that is missing or wrong.
    """
    if not asked.endpoint:
        raise refuse(MISSING_FIELD, field="endpoint")
    if asked.events is None:
        raise refuse(MISSING_FIELD, field="events")
    types = _types(asked.events)
    return _endpoint(asked.endpoint, egress), types


def check_change(asked: UpdateWebhookRequest, egress: Egress) -> WebhookChange:
    """What a request changes. Not for the event loop either.

    Raises:
        ApiError: naming the field that is wrong.
    """
    return WebhookChange(
        types=None if asked.events is None else _types(asked.events),
        status=None if asked.status is None else _status(asked.status),
        endpoint=None if asked.endpoint is None else _endpoint(asked.endpoint, egress),
    )


def _endpoint(url: str, egress: Egress) -> str:
    """Only what is surely wrong is refused: a host that has no address at this moment may have one later."""
    if len(url) > MAX_WEBHOOK_ENDPOINT:
        raise invalid("endpoint", f"It must be at most {MAX_WEBHOOK_ENDPOINT} characters.")
    try:
        egress.check(url)
    except Refused as problem:
        raise invalid("endpoint", f"It must be an http or https URL that may be reached: {problem}.") from None
    except Unreachable as problem:
        logger.info("webhook.not_resolved", reason=str(problem))
    return url


def _types(asked: Sequence[str]) -> list[str]:
    if not asked:
        raise invalid("events", "It must name at least one type of event, such as `email.delivered`.")
    for place, type_ in enumerate(asked):
        if type_ not in EVENT_TYPES and type_ not in NEVER_TOLD:
            raise invalid(f"events[{place}]", f"There is no type of event that is called {_quoted(type_)}.")
    return list(dict.fromkeys(asked))


def _status(asked: str) -> WebhookStatus:
    try:
        return WebhookStatus(asked)
    except ValueError:
        raise invalid("status", f"It must be {_STATUSES}.") from None


def _quoted(text: str, longest: int = 64) -> str:
    """What a client sent, short enough to be repeated."""
    return f"`{text}`" if len(text) <= longest else f"`{text[:longest]}…`"
