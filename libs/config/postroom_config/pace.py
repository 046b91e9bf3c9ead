from typing import Annotated

from pydantic import Field

from postroom_config.numbers import Decimal
from postroom_config.settings import Block
from postroom_config.variable import Variable


class PaceSettings(Block):
    """How mail is spread over the provider's quota."""

    interactive_share: Annotated[
        Decimal,
        Field(ge=0.0, le=0.9),
        Variable(
            "POSTROOM_INTERACTIVE_SHARE",
            unit="part of 1",
            about="The part of the provider's quota, per second and per day, that batches leave to single emails.",
        ),
    ] = 0.2
