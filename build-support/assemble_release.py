"""Puts beside dist/published/build.json what a release publishes with it: an SBOM of each image, and the chart.

The images are read where the registry keeps them, by digest, so that what is described is what will run. Nothing is
built, and no engine is needed. What `docker login` kept opens the registry.
"""  # noqa: INP001 - a script

import subprocess
import sys
from pathlib import Path

from build_manifest import read_manifest
from build_names import ROOT
from sbom import write_sbom

_FOLDER = Path("dist/published")
_BUILD = _FOLDER / "build.json"
_PACKAGE_CHART = ("build-support/tools", "--of", "deploy", "python", "deploy/helm/package_chart.py")


def main() -> int:
    for service, reference in read_manifest(_BUILD).references.items():
        write_sbom(f"registry:{reference}", _FOLDER.resolve() / f"postroom-{service}.spdx.json")
    # The archive is named by Helm.
    packing = [*_PACKAGE_CHART, str(_BUILD.resolve()), str(_FOLDER.resolve())]
    return subprocess.run(packing, cwd=ROOT, check=False).returncode  # noqa: S603 - ours


if __name__ == "__main__":
    sys.exit(main())
