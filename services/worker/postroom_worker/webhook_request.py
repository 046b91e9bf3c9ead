"""One request to a webhook: built, signed, posted."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager

import msgspec
from loguru import logger

from postroom_config.version import VERSION
from postroom_database.repositories.webhook_deliveries import Told
from postroom_database.repositories.webhook_posting import Attempted, ClaimedDelivery
from postroom_domain.webhook_payloads import build
from postroom_domain.webhook_signatures import message_id, sign
from postroom_egress.errors import EgressError
from postroom_egress.fetch import Egress
from postroom_tracing import traceparent
from postroom_tracing.identity import Origin
from postroom_tracing.traces import NOTHING, TRACES, Attributes, Noting

_KEPT_BYTES = 1024
"""Of an answer's body."""


def post(egress: Egress, endpoint: str, secrets: Sequence[str], delivery: ClaimedDelivery, told: Told) -> Attempted:
    """Tell an endpoint of an event, once; what went wrong is in what is returned.

    Args:
        egress: by which it is reached.
        endpoint: its URL.
        secrets: each of them signs.
        delivery: that is attempted.
        told: what it tells.
    """
    began_at = time.monotonic()
    status: int | None = None
    try:
        body = msgspec.json.encode(build(told.event, told.email))
        headers = _headers(secrets, delivery, body)
        with _span(delivery, told) as span:
            if span.traceparent is not None:
                headers[traceparent.NAME] = span.traceparent
            posted = egress.post(endpoint, body, headers, max_bytes=_KEPT_BYTES)
            span.note({"http.response.status_code": posted.status})
            if not Attempted(delivery, began_at, 0.0, posted.status, "").succeeded:
                span.fail(str(posted.status))
    except EgressError as problem:
        response = str(problem)
    except Exception:  # a fault of ours must neither lose the delivery nor stop the worker
        logger.exception("webhook.failed")
        response = "the request failed; the log says why"
    else:
        status, response = posted.status, posted.beginning.decode(errors="replace")
    return Attempted(delivery, began_at, time.monotonic() - began_at, status, response)


def _span(delivery: ClaimedDelivery, told: Told) -> AbstractContextManager[Noting]:
    """Below the email that the event happened to. What happened to none has no request, and no trace."""
    email_id = told.event.email_id
    if told.request_id is None or email_id is None:
        return NOTHING
    attributes: Attributes = {
        "postroom.email_id": str(email_id),
        "postroom.delivery_id": str(delivery.id),
        "postroom.event": told.event.type,
        "postroom.attempt": delivery.attempt,
    }
    return TRACES.span("post webhook", attributes, kind="client", of=Origin(told.request_id, email_id))


def _headers(secrets: Sequence[str], delivery: ClaimedDelivery, body: bytes) -> dict[str, str]:
    # Whole seconds of this host: verifiers compare them with their own clock.
    timestamp = int(time.time())
    return {
        "content-type": "application/json",
        "user-agent": f"Postroom/{VERSION}",
        "svix-id": message_id(delivery.id),
        "svix-timestamp": str(timestamp),
        "svix-signature": sign(secrets, message_id(delivery.id), timestamp, body),
    }
