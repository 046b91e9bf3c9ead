from typing import Annotated

from postroom_config.settings import Block
from postroom_config.variable import Variable


class SenderSettings(Block):
    """Who may send as whom."""

    verified_only: Annotated[
        bool,
        Variable(
            "POSTROOM_VERIFIED_DOMAINS_ONLY",
            about="Refuses mail whose `from` is in no verified domain of the workspace.",
        ),
    ] = True
