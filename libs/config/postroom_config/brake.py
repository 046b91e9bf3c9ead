from typing import Annotated

from pydantic import Field

from postroom_config.numbers import Decimal, Whole
from postroom_config.settings import Block
from postroom_config.variable import Variable

_DAY_SECONDS = 86_400


class BrakeSettings(Block):
    """When bounces or complaints make the mail of a workspace wait."""

    bounce_percent: Annotated[
        Decimal,
        Field(ge=0, le=100),
        Variable(
            "POSTROOM_BRAKE_BOUNCE_PERCENT",
            about="A workspace is suspended when so many of its emails bounced for good. 0: never.",
        ),
    ] = 5.0
    complaint_percent: Annotated[
        Decimal,
        Field(ge=0, le=100),
        Variable(
            "POSTROOM_BRAKE_COMPLAINT_PERCENT",
            about="A workspace is suspended when so many of its emails were reported as spam. 0: never.",
        ),
    ] = 0.1
    min_volume: Annotated[
        Whole,
        Field(ge=1, le=1_000_000),
        Variable(
            "POSTROOM_BRAKE_MIN_VOLUME",
            unit="emails",
            about="A workspace that sent fewer emails in the window is not judged.",
        ),
    ] = 1000
    window_seconds: Annotated[
        Whole,
        Field(ge=60, le=30 * _DAY_SECONDS),
        Variable("POSTROOM_BRAKE_WINDOW_SECONDS", about="Emails that were sent this long ago, or later, count."),
    ] = _DAY_SECONDS
