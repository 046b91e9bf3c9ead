from typing import Annotated

from pydantic import Field

from postroom_config.numbers import Decimal
from postroom_config.settings import Block
from postroom_config.variable import Variable


class SchedulerSettings(Block):
    """How often the scheduler looks."""

    sweep_seconds: Annotated[
        Decimal,
        Field(ge=0.05, le=3600),
        Variable(
            "POSTROOM_SWEEP_SECONDS",
            about="Time between two looks for what is due, and for what was left behind.",
        ),
    ] = 1.0
