"""Tags: what clients label an email with, given back in events."""

import re

from postroom_domain.errors import InvalidTag

_PART = re.compile(r"[A-Za-z0-9_-]{1,256}")


def check_tag(name: str, value: str) -> None:
    """Check both halves of a tag.

    Raises:
        InvalidTag: saying which half is wrong.
    """
    for part, text in (("name", name), ("value", value)):
        if not _PART.fullmatch(text):
            raise InvalidTag(f"The tag {part} must be 1 to 256 ASCII letters, numbers, underscores or dashes.")
