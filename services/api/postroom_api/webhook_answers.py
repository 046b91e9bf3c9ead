"""The bodies of answers about webhooks, in Resend's shapes."""

from typing import Any

import msgspec

from postroom_api.answers import timestamp
from postroom_database.types import AnyRow
from postroom_domain.webhook_signatures import message_id


class WebhookSummary(msgspec.Struct, frozen=True):
    """One webhook in a list. ``events`` null: all types."""

    id: str
    endpoint: str
    created_at: str
    status: str
    events: list[str] | None


class WebhookPage(msgspec.Struct, frozen=True):
    has_more: bool
    data: list[WebhookSummary]
    object: str = "list"


class WebhookDetails(WebhookSummary, frozen=True):
    """One webhook. ``signing_secret`` is null when Postroom has lost the key that opens it: rotate it.

    ``reason`` says why Postroom disabled it.
    """

    signing_secret: str | None
    reason: str | None
    object: str = "webhook"


class WebhookSecret(msgspec.Struct, frozen=True):
    id: str
    signing_secret: str
    object: str = "webhook"


class WebhookReference(msgspec.Struct, frozen=True):
    id: str
    object: str = "webhook"


class WebhookDeleted(msgspec.Struct, frozen=True):
    id: str
    deleted: bool = True
    object: str = "webhook"


class WebhookEventSummary(msgspec.Struct, frozen=True):
    """An event on its way to one webhook. ``id`` is the header ``svix-id`` of every attempt."""

    id: str
    type: str
    created_at: str
    status: str


class WebhookEventPage(msgspec.Struct, frozen=True):
    has_more: bool
    data: list[WebhookEventSummary]
    object: str = "list"


class WebhookPayload(msgspec.Struct, frozen=True):
    """What is posted: ``data`` depends on the type."""

    type: str
    created_at: str
    data: dict[str, Any]


class WebhookEventDetails(WebhookEventSummary, frozen=True):
    """``payload`` is null when what it told has been forgotten."""

    next_attempt_at: str | None
    payload: WebhookPayload | None
    object: str = "webhook_event"


class WebhookEventReference(msgspec.Struct, frozen=True):
    id: str
    object: str = "webhook_event"


class WebhookAttemptSummary(msgspec.Struct, frozen=True):
    """``http_status_code`` is null when there was no answer; then ``response`` says why."""

    id: str
    http_status_code: int | None
    response: str | None
    sent_at: str


class WebhookAttemptPage(msgspec.Struct, frozen=True):
    has_more: bool
    data: list[WebhookAttemptSummary]
    object: str = "list"


def summary(row: AnyRow) -> WebhookSummary:
    return WebhookSummary(**_shown(row))


def details(row: AnyRow, signing_secret: str | None) -> WebhookDetails:
    return WebhookDetails(**_shown(row), signing_secret=signing_secret, reason=row.reason)


def event_summary(row: AnyRow) -> WebhookEventSummary:
    return WebhookEventSummary(**_shown_event(row))


def event_details(row: AnyRow, payload: WebhookPayload | None) -> WebhookEventDetails:
    next_attempt_at = None if row.next_attempt_at is None else timestamp(row.next_attempt_at)
    return WebhookEventDetails(**_shown_event(row), next_attempt_at=next_attempt_at, payload=payload)


def attempt(row: AnyRow) -> WebhookAttemptSummary:
    return WebhookAttemptSummary(
        id=str(row.id), http_status_code=row.status_code, response=row.response, sent_at=timestamp(row.sent_at)
    )


def _shown(row: AnyRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "endpoint": row.endpoint,
        "created_at": timestamp(row.created_at),
        "status": row.status,
        "events": row.types,
    }


def _shown_event(row: AnyRow) -> dict[str, Any]:
    return {
        "id": message_id(row.id),
        "type": row.type,
        "created_at": timestamp(row.created_at),
        "status": row.status,
    }
