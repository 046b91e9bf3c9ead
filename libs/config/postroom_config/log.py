from typing import Annotated, Literal

from pydantic import Field

from postroom_config.numbers import Whole
from postroom_config.settings import Block
from postroom_config.variable import Variable


class LogSettings(Block):
    """Events on stdout."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Variable("POSTROOM_LOG_LEVEL", about="The least level that is written."),
    ] = "info"
    format: Annotated[
        Literal["auto", "json", "text"],
        Variable("POSTROOM_LOG_FORMAT", about="`auto`: text on a terminal, else JSON."),
    ] = "auto"
    buffer_lines: Annotated[
        Whole,
        Field(ge=1, le=1_000_000),
        Variable(
            "POSTROOM_LOG_BUFFER_LINES",
            about="Lines kept while stdout takes none; more are dropped, and counted.",
        ),
    ] = 10_000
