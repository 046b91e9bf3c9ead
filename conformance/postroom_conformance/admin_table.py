"""Every command of the admin, as an operator would type it, and what is to be there before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Typed:
    """A command with its arguments.

    Args:
        words: an argument in braces is what was made before under that name.
        code: the exit code that it ends with.
        again: that it ends with when it is typed again.
    """

    words: tuple[str, ...]
    code: int = 0
    again: int = 0

    def filled(self, made: Mapping[str, str]) -> list[str]:
        return [word.format_map(made) for word in self.words]


def typed(line: str, code: int = 0, again: int | None = None) -> Typed:
    return Typed(tuple(line.split()), code, code if again is None else again)


# Nothing that is left as it is ends with 0 where an id was named: 1 says so.
TABLE = (
    typed("migrate"),
    typed("migrate up"),
    typed("migrate status"),
    typed("workspace create {workspace}"),
    typed("workspace list"),
    typed("workspace suspend {workspace} --reason why"),
    typed("workspace resume {workspace}"),
    typed("key create --workspace {workspace}"),
    typed("key list --workspace {workspace}"),
    typed("key revoke --workspace {workspace} {key} --yes"),
    typed("domain list --workspace {workspace}"),
    typed("domain show {domain}"),
    typed("domain declare {domain}"),
    typed("domain undeclare {domain}"),
    typed("suppression list --workspace {workspace}"),
    typed("suppression add --workspace {workspace} somebody@example.org"),
    typed("suppression remove --workspace {workspace} somebody@example.org", again=1),
    typed("webhook list --workspace {workspace}"),
    typed("webhook show {webhook}"),
    typed("webhook disable {webhook} --reason why"),
    typed("webhook enable {webhook}"),
    typed("schedule list --workspace {workspace}"),
    typed("schedule show {schedule}"),
    typed("schedule pause {schedule}"),
    typed("schedule resume {schedule}"),
    typed("email show {email}"),
    typed("email cancel {email} --yes", again=1),
    typed("email retry {email}", 1),
    typed("dead list"),
    typed("dead show {email}"),
    typed("dead retry --all"),
    typed("dead discard --all --yes"),
    typed("events list"),
    typed("events retry --all"),
    typed("events redrive --queue-url {queue}", 78),
    typed("queue stats"),
    typed("queue rebuild"),
    typed("quota"),
    typed("retention run --yes"),
    typed("erase --address somebody@example.org --yes"),
    typed("backup verify"),
    typed("fence"),
    typed("doctor", 1),
    typed("config check"),
    typed("config show"),
    typed("config explain POSTROOM_DATABASE_URL"),
    typed("audit list"),
)


def find_untyped(commands: Iterable[Sequence[str]]) -> list[str]:
    """Commands that the table does not know."""
    known = {one.words[: len(path)] for path in map(tuple, commands) for one in TABLE}
    return [" ".join(path) for path in commands if tuple(path) not in known]
