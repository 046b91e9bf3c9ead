from dataclasses import dataclass
from pathlib import Path

_FOLDERS = {"admin": "services.worker"}


@dataclass(frozen=True)
class Artifacts:
    """The PEX files of one build.

    Args:
        folder: what Pants calls ``dist``.
    """

    folder: Path

    def command(self, program: str) -> list[str]:
        """Starts a service, or the admin."""
        return [str((self.folder / _FOLDERS.get(program, f"services.{program}") / f"{program}.pex").absolute())]
