"""What an environment sets, as an operator may see it: no secret, and where each value comes from."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from postroom_config.blocks import READERS
from postroom_config.description import show_default
from postroom_config.errors import Problem
from postroom_config.load import leave_out_service_links
from postroom_config.reading import read_variable
from postroom_config.variable import is_secret, variable_of

MASK = "********"
_HARMLESS = {"configuration_set", "tls", "unix_socket"}
"""Parameters of URLs that are shown: a driver takes a password among its parameters, too."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One variable.

    Attributes:
        value: masked where it is secret; None: there is none, or it is wrong, and then may be anybody's password.
        source: variable, NAME_FILE or the platform's name, default, missing, or wrong.
        readers: the processes that read it.
    """

    name: str
    value: str | None
    source: str
    readers: Sequence[str]


def show_environment() -> Iterator[Shown]:
    """As `show`, of this process."""
    return show(os.environ)


def show(environ: Mapping[str, str]) -> Iterator[Shown]:
    """Every variable of the release, in the order of the reference."""
    given = leave_out_service_links(environ)
    for block, readers in READERS.items():
        for field in block.model_fields.values():
            value, source = _look(field, given)
            yield Shown(variable_of(field).name, value, source, readers)


def mask_url(url: str) -> str:
    """A URL without user, password and parameters; what is none, or not clearly one, is masked whole."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    user, at, host = parts.netloc.rpartition("@")
    # A password whose "/" or "?" is not percent-encoded reaches beyond what is taken for the host.
    if not parts.scheme or "@" in url.removeprefix(f"{parts.scheme}://{user}{at}"):
        return MASK
    query = "&".join(
        f"{name}={value if name in _HARMLESS else MASK}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    slashes = "//" if url.startswith(f"{parts.scheme}://") else ""
    who = f"{MASK}@" if at else ""
    return f"{parts.scheme}:{slashes}{who}{host}{parts.path}" + (f"?{query}" if query else "")


def _look(field: FieldInfo, given: Mapping[str, str]) -> tuple[str | None, str]:
    found = read_variable(variable_of(field), given)
    if isinstance(found, Problem):
        return None, "wrong"
    if found is None:
        return show_default(field), "missing" if field.is_required() else "default"
    if not _is_right(field, found.text):
        return None, "wrong"
    source = "variable" if found.source == variable_of(field).name else found.source
    if not is_secret(field):
        return found.text, source
    return mask_url(found.text) if variable_of(field).name.endswith("_URL") else MASK, source


def _is_right(field: FieldInfo, text: str) -> bool:
    wanted: Any = Annotated[field.annotation, *field.metadata]
    try:
        TypeAdapter(wanted).validate_python(text)
    except ValidationError:
        return False
    return True
