"""What an image holds, package by package, as SPDX."""  # noqa: INP001 - a script's

import sys
from pathlib import Path

from build_names import ask


def write_sbom(image: str, file: Path) -> None:
    """Write an image's SBOM; a syft that fails ends this process.

    Args:
        image: as syft names it: `docker:` and an id, `registry:` and a reference.
        file: what to write.
    """
    sys.stdout.write(f"{file.name}: listing what {image} holds\n")
    sys.stdout.flush()
    file.parent.mkdir(parents=True, exist_ok=True)
    ask("build-support/tools", "--of", "ship", "syft", "scan", "--quiet", image, "--output", f"spdx-json={file}")
