from dataclasses import dataclass

EX_CONFIG = 78
"""sysexits.h: something in the configuration is wrong."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one variable; holds its name, never its value."""

    variable: str
    complaint: str


class ConfigError(Exception):
    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{problem.variable}: {problem.complaint}" for problem in problems))
        self.problems = problems
