from dataclasses import dataclass
from pathlib import Path

from postroom_conformance.pex_file import PEX_FILES


@dataclass(frozen=True)
class Artifacts:
    """The PEX files of one build.

    Args:
        folder: what Pants calls ``dist``.
    """

    folder: Path

    def command(self, program: str) -> list[str]:
        """Starts a service, or the admin."""
        return [str((self.folder / PEX_FILES[program]).absolute())]
