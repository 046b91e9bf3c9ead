"""How commands end: with numbers of sysexits.h, where it has one. What `--help` and the page say of them."""

import textwrap

from postroom_config.errors import EX_CONFIG

EXIT_REFUSED = 65
"""EX_DATAERR: a schema, or a backup, is not what it has to be."""

EXIT_UNAVAILABLE = 69
"""EX_UNAVAILABLE: a backing service is away, or refuses."""

EXIT_BUSY = 75
"""EX_TEMPFAIL: another process is at it."""

EXIT_INTERRUPTED = 130
"""As shells say it of a process that Ctrl-C ended."""

MEANINGS = {
    0: "done, or there was nothing to do",
    1: "what was asked for is not there or cannot be done as it stands, the doctor found something, the schema is"
    " behind, or nobody said yes",
    2: "the command was called wrongly",
    EXIT_REFUSED: "`migrate`: the schema is newer and serves this release no more, or does not say; `backup verify`:"
    " something is missing",
    EXIT_UNAVAILABLE: "a backing service is away, or refuses; what the others know is printed all the same",
    EXIT_BUSY: "another process has been migrating for over five minutes",
    EX_CONFIG: "the configuration is missing something or wrong",
    EXIT_INTERRUPTED: "it was stopped with Ctrl-C: what it had not finished is undone, what is done stays, and it can"
    " be run again",
}


def explain(width: int = 80) -> str:
    """All of them, as click's help prints them: as they are, after a line with a backspace."""
    lines = [
        line
        for code, meaning in MEANINGS.items()
        for line in textwrap.wrap(meaning, width, initial_indent=f"  {code:<4}", subsequent_indent=" " * 6)
    ]
    return "\n".join(["\b", "Exit codes:", *lines])
