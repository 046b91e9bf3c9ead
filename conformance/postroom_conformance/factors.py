"""The factors, in their order, each in a sentence of ours; which modules prove one is known by its number."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Factor:
    """One of the twelve, or one of the three that later authors add."""

    number: int
    name: str
    statement: str

    @property
    def title(self) -> str:
        return f"{_ROMAN[self.number - 1]}. {self.name}" if self.number <= _TWELVE else self.name

    @property
    def pattern(self) -> str:
        """Of the names of its test modules."""
        return f"test_factor_{self.number:02}_*.py"

    def modules(self, folder: Path) -> list[Path]:
        return sorted(folder.glob(self.pattern))


_TWELVE = 12
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")

FACTORS = tuple(
    Factor(number, name, statement)
    for number, (name, statement) in enumerate(
        (
            ("Codebase", "One repository; every deploy runs builds of it, and each says of which commit."),
            ("Dependencies", "All that an artifact needs is locked by hash and inside it; nothing else is."),
            ("Config", "What differs between deploys stands in the environment, and is judged before anything starts."),
            ("Backing services", "MySQL, Redis and the mail service are attached by URL, and may go away."),
            ("Build, release, run", "A build knows no config, a release never changes, a run builds nothing."),
            ("Processes", "A process keeps nothing that another would miss."),
            ("Port binding", "The api is an HTTP server by itself, on the port that it is given."),
            ("Concurrency", "More work is done by more processes, of the kind that the work is of."),
            ("Disposability", "A process starts soon, ends in order, and may be killed at any time."),
            ("Dev/prod parity", "What is developed against is what is run on."),
            ("Logs", "Events go to stdout, one per line; what becomes of them is the platform's work."),
            ("Admin processes", "One-off work runs from the release, with its config, and says how it ended."),
            ("API first", "The OpenAPI document is the contract, and the service keeps it."),
            ("Telemetry", "What a process does can be seen from outside: metrics, traces, health."),
            ("Security", "Nobody gets further than their key; a secret stays one; what ships is known."),
        ),
        start=1,
    )
)
