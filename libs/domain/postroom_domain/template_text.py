"""``{{{KEY}}}`` in a text, and what it becomes.

A value takes the place of its placeholder as it is: Resend's documents tell senders to give prepared HTML in a value.
It is put in once and never looked at again, so a value that reads like a placeholder stays what it is.
"""

import re
from collections import Counter
from collections.abc import Mapping

from postroom_domain.template_variables import KEY, RESERVED

_PLACEHOLDER = re.compile(rf"\{{\{{\{{\s*+({KEY})\s*+\}}\}}\}}")
_BRACES = re.compile(r"\{\{\{([^{}]*+)\}\}\}")
_SHOWN = 60


class TemplateText:
    """A text, taken apart at its placeholders once."""

    def __init__(self, source: str) -> None:
        self._pieces = _PLACEHOLDER.split(source)  # by turns what stays, and a key
        self._uses = Counter(self._pieces[1::2])
        self._fixed_bytes = sum(len(piece.encode()) for piece in self._pieces[::2])

    @property
    def keys(self) -> tuple[str, ...]:
        """The variables that it uses, in order of their first use."""
        return tuple(self._uses)

    def size(self, values: Mapping[str, str]) -> int:
        """Bytes of what it becomes, without making it: a short text can become a very long one."""
        return self._fixed_bytes + sum(count * len(values[key].encode()) for key, count in self._uses.items())

    def write(self, values: Mapping[str, str]) -> str:
        pieces = self._pieces.copy()
        pieces[1::2] = [values[key] for key in pieces[1::2]]
        return "".join(pieces)


def find_wrong_placeholder(source: str) -> str | None:
    """What is wrong with the first placeholder that nothing could take the place of; None when all are well.

    A reader would see its braces.
    """
    for found in _BRACES.finditer(source):
        inside = found[1].strip()
        if inside in RESERVED:
            return f"`{inside}` is reserved: Postroom has nothing to put there."
        if not _PLACEHOLDER.fullmatch(found[0]):
            return f"`{{{{{{{inside[:_SHOWN]}}}}}}}` is no variable: only names stand in three braces."
    return None
