EX_CONFIG = 78
"""The exit code of whoever refuses its configuration (sysexits.h)."""


class Refused(Exception):  # noqa: N818 - told to a person in one line, as a refusal
    """There is no going on: one line that says what is wrong and how to mend it, and an exit code."""

    def __init__(self, line: str, *, exit_code: int = 1) -> None:
        super().__init__(line)
        self.exit_code = exit_code


class Stopped(Exception):  # noqa: N818 - being asked to stop is no error
    """A signal asked to stop before everything was started."""
