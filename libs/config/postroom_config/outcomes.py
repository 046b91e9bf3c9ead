from typing import Annotated, Literal

from pydantic import Field

from postroom_config.numbers import Whole
from postroom_config.settings import Block
from postroom_config.variable import Variable


class OutcomeSettings(Block):
    """What follows when nobody knows whether an email was sent, or when it takes its worker down."""

    on_unknown: Annotated[
        Literal["resend", "hold"],
        Variable(
            "POSTROOM_ON_UNKNOWN",
            about="When the provider has not told within POSTROOM_UNKNOWN_WAIT_SECONDS whether it took an email:"
            " `resend` it, at least once, or `hold` it for an operator, at most once.",
        ),
    ] = "resend"
    max_crashes: Annotated[
        Whole,
        Field(ge=1, le=100),
        Variable(
            "POSTROOM_MAX_CRASHES",
            unit="crashes",
            about="After so many workers in a row have died while they held it, an email is set aside.",
        ),
    ] = 3
    max_resends: Annotated[
        Whole,
        Field(ge=0, le=1000),
        Variable(
            "POSTROOM_MAX_RESENDS",
            unit="attempts",
            about="How often in a row an email of unknown outcome is sent again before it is set aside.",
        ),
    ] = 3
