from typing import Annotated

from pydantic import Field

from postroom_config.numbers import Decimal
from postroom_config.settings import Block
from postroom_config.variable import Variable


class WebhookSettings(Block):
    """Events told to the endpoints of clients."""

    timeout_seconds: Annotated[
        Decimal,
        Field(ge=0.1, le=60),
        Variable(
            "POSTROOM_WEBHOOK_TIMEOUT_SECONDS",
            about="How long one request to a webhook may take in all, its answer included.",
        ),
    ] = 10.0
