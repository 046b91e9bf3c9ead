"""Exit codes are those of sysexits.h."""

EX_USAGE = 64
EX_DATAERR = 65
"""What is there is not as it must be: a record that was altered, a schema that no longer serves the release."""
EX_NOINPUT = 66
"""What is named is not there: a deploy, a build, a release."""
EX_UNAVAILABLE = 69
"""The engine, an image, or a service that does not become ready."""
EX_CANTCREAT = 73
EX_TEMPFAIL = 75
EX_CONFIG = 78


class Refused(Exception):  # noqa: N818 - told to a person, as a refusal
    """There is no going on: what is wrong, how to mend it, and an exit code."""

    def __init__(self, text: str, *, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = exit_code
