"""Two lanes, so that a batch of many thousands never stands in front of a password reset."""

from enum import StrEnum


class Lane(StrEnum):
    INTERACTIVE = "interactive"
    BULK = "bulk"
