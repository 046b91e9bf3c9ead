"""One request to a webhook: built, signed, posted."""

import time
from collections.abc import Sequence

import msgspec
from loguru import logger

from postroom_config.version import VERSION
from postroom_database.repositories.webhook_deliveries import Told
from postroom_database.repositories.webhook_posting import Attempted, ClaimedDelivery
from postroom_domain.webhook_payloads import build
from postroom_domain.webhook_signatures import message_id, sign
from postroom_egress.errors import EgressError
from postroom_egress.fetch import Egress

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
        posted = egress.post(endpoint, body, _headers(secrets, delivery, body), max_bytes=_KEPT_BYTES)
    except EgressError as problem:
        response = str(problem)
    except Exception:  # noqa: BLE001 - a fault of ours must neither lose the delivery nor stop the worker
        logger.exception("webhook.failed")
        response = "the request failed; the log says why"
    else:
        status, response = posted.status, posted.beginning.decode(errors="replace")
    return Attempted(delivery, began_at, time.monotonic() - began_at, status, response)


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
