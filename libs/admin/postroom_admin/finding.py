from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and how to mend it."""

    problem: str
    mend: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    about: str
    findings: tuple[Finding, ...] = ()
