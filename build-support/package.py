"""Builds everything that ships from what is checked out: `make package`.

The PEX files and images of Pants, an SBOM for each image in dist/sbom, and dist/build.json, which names them all and is
what a release is made from:

    {"version": "0.1.0", "commit": "<40 hex digits>", "modified": false, "base": "<name of the image below ours>",
     "images": {"api": {"reference": "sha256:<image id>"}, "worker": ..., "scheduler": ...}}

BASE_IMAGE names another base than the Dockerfile's.
"""  # noqa: INP001 - a script

import os
import subprocess
import sys

from build_manifest import Manifest, write_manifest
from build_names import ROOT, ask, read_names
from sbom import write_sbom

SERVICES = ("api", "worker", "scheduler")
_READ_ID = ("docker", "image", "inspect", "--format", "{{.Id}}")
_READ_BASE = (*_READ_ID[:-1], '{{index .Config.Labels "org.opencontainers.image.base.name"}}')


def main() -> int:
    names = read_names()
    environment = os.environ | names.environment
    built = subprocess.run([ROOT / "pants", "package", "::"], cwd=ROOT, env=environment, check=False)  # noqa: S603 - ours
    if built.returncode != 0:
        return built.returncode

    images = {}
    for service in SERVICES:
        image = images[service] = ask(*_READ_ID, f"postroom-{service}:{names.tag}")
        write_sbom(f"docker:{image}", ROOT / f"dist/sbom/postroom-{service}.spdx.json")
        sys.stdout.write(f"postroom-{service}  {image}\n")
    # All three stand on one; the image itself is asked, for who built it may have been told of another.
    base = ask(*_READ_BASE, images["api"])
    write_manifest(ROOT / "dist/build.json", Manifest(names.version, names.commit, names.modified, base, images))
    sys.stdout.write(f"dist/build.json: version {names.version}, commit {names.tag}, on {base}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
