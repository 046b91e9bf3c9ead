from typing import Annotated

from postroom_config.settings import Block, Settings
from postroom_config.variable import Variable
from postroom_config.words import Label

_EXPECTED = "1 to 128 visible ASCII characters"


class ReleaseSettings(Block):
    """Which release runs: one build plus one config."""

    release: Annotated[
        Label,
        Variable("POSTROOM_RELEASE", expected=_EXPECTED, about="The name of the release; stands on every log line."),
    ] = "unreleased"
    commit: Annotated[
        Label,
        Variable(
            "POSTROOM_COMMIT", expected=_EXPECTED, about="The commit of the build, shown by `/version` and `--version`."
        ),
    ] = "unknown"


class ReleaseOnly(Settings):
    """What tells which build this is."""

    release: ReleaseSettings
