"""What a test is for, said at the test: the page and the evidence are made from it."""

from collections.abc import Callable, Mapping
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])
_SAID = "postroom_conformance"


def proves(claim: str) -> Callable[[Test], Test]:
    """Mark a test as the proof of a claim.

    Args:
        claim: one sentence or more, about Postroom as it runs. The page quotes it, so it stands in the source as text.
    """
    return _say({"claim": claim})


def violates(proof: Callable[..., object], violation: str) -> Callable[[Test], Test]:
    """Mark a test that plants a violation and sees the check of a claim turn red.

    Args:
        proof: the test that proves the claim, with the same check.
        violation: what was planted, in a few words.
    """
    return _say({"violation": violation, "against": said_of(proof)["claim"]})


def said_of(test: Callable[..., object]) -> Mapping[str, str]:
    """What its marks say: `claim`, or `violation` and the claim that it is `against`; nothing of any other test."""
    said: Mapping[str, str] = getattr(test, _SAID, {})
    return said


def _say(words: Mapping[str, str]) -> Callable[[Test], Test]:
    def mark(test: Test) -> Test:
        setattr(test, _SAID, words)
        return test

    return mark
