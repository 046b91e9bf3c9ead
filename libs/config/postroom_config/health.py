from typing import Annotated

from pydantic import Field

from postroom_config.numbers import Whole
from postroom_config.settings import Block
from postroom_config.variable import Variable
from postroom_config.words import Host


class HealthSettings(Block):
    """Where the worker and the scheduler answer `/livez`, `/readyz`, `/metrics` and `/version`."""

    port: Annotated[
        Whole,
        Field(ge=1, le=65_535),
        Variable("POSTROOM_HEALTH_PORT", unit="TCP port", about="One per process: two on the same host need two."),
    ] = 8081
    host: Annotated[
        Host,
        Variable(
            "POSTROOM_HEALTH_HOST",
            expected="an address or host name to bind, such as 127.0.0.1",
            about="The address to bind; an orchestrator asks from outside the container.",
        ),
    ] = "0.0.0.0"  # noqa: S104 - see about
