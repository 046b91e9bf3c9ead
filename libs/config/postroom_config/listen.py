from typing import Annotated

from pydantic import Field

from postroom_config.numbers import Whole
from postroom_config.settings import Block
from postroom_config.variable import Variable
from postroom_config.words import Host


class ListenSettings(Block):
    """Where the api listens."""

    port: Annotated[
        Whole,
        Field(ge=1, le=65_535),
        Variable("POSTROOM_PORT", unit="TCP port", platform_name="PORT", about="The port of the HTTP API."),
    ] = 8000
    host: Annotated[
        Host | None,
        Variable(
            "POSTROOM_HOST",
            example="127.0.0.1",
            expected="an address or host name to bind, such as 0.0.0.0 or ::",
            about="Without it: 127.0.0.1 when mail goes to `inbox:`, else 0.0.0.0.",
        ),
    ] = None
    inbox_exposed: Annotated[
        bool,
        Variable(
            "POSTROOM_INBOX_EXPOSED",
            about="Lets an api with `inbox:` listen beyond loopback: everybody who reaches it reads all mail.",
        ),
    ] = False
