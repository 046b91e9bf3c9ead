"""What a template is called by: its id, or an alias that its workspace gave it."""

import re
from uuid import UUID

from postroom_domain.errors import InvalidAlias
from postroom_domain.ids import parse_id

_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")  # clients put it into a path as it is


def check_alias(text: str) -> None:
    """Refuse what could not be asked for.

    Raises:
        InvalidAlias: of other characters, too long, or in the form of an id.
    """
    if not _ALIAS.fullmatch(text):
        raise InvalidAlias(
            "It must be 1 to 100 ASCII letters, numbers, dots, dashes or underscores, the first a letter or number."
        )
    if parse_id(text) is not None:
        raise InvalidAlias("It must not look like an id.")


def parse_reference(text: str) -> UUID | str | None:
    """An id, else an alias, else None: no template can be called so."""
    identity = parse_id(text)
    if identity is not None:
        return identity
    return text if _ALIAS.fullmatch(text) else None
