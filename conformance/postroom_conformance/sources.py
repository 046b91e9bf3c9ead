"""Our own modules, as a PEX file ships them."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

Sources = Mapping[str, str]
"""Text by path, such as `postroom_api/main.py`."""

_OURS = re.compile(r"postroom_\w+/.*\.py")


def read_sources(pex: Path) -> Sources:
    with zipfile.ZipFile(pex) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if _OURS.fullmatch(name)}
