"""Numbers as people write them.

Pydantic alone would also take ``1_000``, ``8.0``, ``inf`` and spaces around: in an environment those are slips.
"""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", re.ASCII)


def _read_whole(value: Any) -> Any:
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        raise ValueError("not a whole number")
    return value


def _read_decimal(value: Any) -> Any:
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        raise ValueError("not a number")
    return value


Whole = Annotated[int, BeforeValidator(_read_whole)]
Decimal = Annotated[float, BeforeValidator(_read_decimal)]
