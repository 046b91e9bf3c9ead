"""What a PEX file is, read without running it."""

import zipfile
from pathlib import Path

from postroom_images_testing.contents import PACKAGES
from postroom_images_testing.image import File, Files

_LIBRARIES = ".deps/"
_OWN = (".bootstrap/", "__pex__/")

PEX_FILES = {
    "api": "services.api/api.pex",
    "worker": "services.worker/worker.pex",
    "admin": "services.worker/admin.pex",
    "scheduler": "services.scheduler/scheduler.pex",
}
"""Where Pants leaves them, by entry point."""


def read_pex(file: Path) -> Files:
    """All that can be imported from it, at the paths that it would have in an image."""
    with zipfile.ZipFile(file) as archive:
        return {
            PACKAGES + _as_installed(name): File(content=archive.read(name))
            for name in archive.namelist()
            if not name.startswith(_OWN) and not name.endswith("/")
        }


def _as_installed(name: str) -> str:
    """Without the folder of its wheel."""
    return name.removeprefix(_LIBRARIES).partition("/")[2] if name.startswith(_LIBRARIES) else name
