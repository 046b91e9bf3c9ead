"""Plain texts: host names and labels."""

import re
from typing import Annotated

from pydantic import AfterValidator

_HOST = re.compile(r"[A-Za-z0-9._:%-]{1,255}", re.ASCII)
_LABEL = re.compile(r"[!-~]{1,128}", re.ASCII)


def _check_host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("not an address or a host name")
    return value


def _check_label(value: str) -> str:
    if not _LABEL.fullmatch(value):
        raise ValueError("not 1 to 128 visible ASCII characters")
    return value


Host = Annotated[str, AfterValidator(_check_host)]
Label = Annotated[str, AfterValidator(_check_label)]
