from typing import Annotated

from pydantic import Field

from postroom_config.numbers import Whole
from postroom_config.settings import Block
from postroom_config.variable import Variable


class RateLimitSettings(Block):
    """How often a client may ask."""

    per_second: Annotated[
        Whole,
        Field(ge=0, le=1_000_000),
        Variable(
            "POSTROOM_RATE_LIMIT",
            unit="requests a second",
            about="Requests a second of one API key, over all api processes together; a batch is one. 0: no limit.",
        ),
    ] = 100
