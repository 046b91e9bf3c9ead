from typing import Annotated

from pydantic import Field

from postroom_config.numbers import Decimal
from postroom_config.settings import Block
from postroom_config.variable import Variable


class DrainSettings(Block):
    """The end of a process."""

    seconds: Annotated[
        Decimal,
        Field(ge=0, le=3600),
        Variable(
            "POSTROOM_DRAIN_SECONDS",
            about="After SIGTERM, how long to finish what has begun. Must be shorter than the orchestrator's grace.",
        ),
    ] = 25.0
