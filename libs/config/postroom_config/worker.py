from typing import Annotated

from pydantic import Field

from postroom_config.numbers import Whole
from postroom_config.settings import Block
from postroom_config.variable import Variable

_DAY_SECONDS = 86_400
SPARE_SECONDS = 5.0
"""What a lease must hold beyond the call: claiming, rendering, writing the outcome."""


class WorkerSettings(Block):
    """How a worker delivers."""

    threads: Annotated[
        Whole,
        Field(ge=1, le=64),
        Variable(
            "POSTROOM_WORKER_THREADS",
            about="How many emails of each lane, and how many webhooks, a worker serves at once.",
        ),
    ] = 8
    lease_seconds: Annotated[
        Whole,
        Field(ge=1, le=_DAY_SECONDS),
        Variable(
            "POSTROOM_LEASE_SECONDS",
            about="How long a worker's claim on an email holds. At least twice"
            " POSTROOM_MAIL_TIMEOUT_SECONDS and 5 more.",
        ),
    ] = 120
    retry_age_seconds: Annotated[
        Whole,
        Field(ge=0, le=30 * _DAY_SECONDS),
        Variable(
            "POSTROOM_RETRY_AGE_SECONDS",
            about="An email older than this is not tried again after a transient failure.",
        ),
    ] = _DAY_SECONDS
    unknown_wait_seconds: Annotated[
        Whole,
        Field(ge=0, le=30 * _DAY_SECONDS),
        Variable(
            "POSTROOM_UNKNOWN_WAIT_SECONDS",
            about="How long to wait for the provider's own event when the outcome of a call is unknown.",
        ),
    ] = 300
