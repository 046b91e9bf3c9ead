from typing import Annotated

from pydantic import Field

from postroom_config.numbers import Whole
from postroom_config.settings import Block
from postroom_config.variable import Variable


class HintSettings(Block):
    """Hints: ids put into Redis so that a worker looks."""

    mark: Annotated[
        Whole,
        Field(ge=1, le=10_000_000),
        Variable("POSTROOM_HINT_MARK", unit="ids", about="Ids per lane in Redis above which nobody adds more."),
    ] = 20_000
    age_seconds: Annotated[
        Whole,
        Field(ge=1, le=86_400),
        Variable("POSTROOM_HINT_AGE_SECONDS", about="After this time a hint counts as lost and is given again."),
    ] = 60
