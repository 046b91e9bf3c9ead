"""Builds everything that ships from what is checked out: `make package`.

The PEX files and images of Pants, an SBOM for each image in dist/sbom, and dist/build.json, which names them all and is
what a release is made from:

    {"version": "0.1.0", "commit": "<40 hex digits>", "modified": false,
     "images": {"api": {"reference": "sha256:<image id>"}, "worker": ..., "scheduler": ...}}

BASE_IMAGE names another base than the Dockerfile's.
"""  # noqa: INP001 - a script

import json
import os
import subprocess
import sys

from build_names import ROOT, ask, read_names
from sbom import write_sbom

SERVICES = ("api", "worker", "scheduler")


def main() -> int:
    names = read_names()
    environment = os.environ | names.environment
    built = subprocess.run([ROOT / "pants", "package", "::"], cwd=ROOT, env=environment, check=False)  # noqa: S603 - ours
    if built.returncode != 0:
        return built.returncode

    images = {}
    for service in SERVICES:
        image = ask("docker", "image", "inspect", "--format", "{{.Id}}", f"postroom-{service}:{names.tag}")
        images[service] = {"reference": image}
        write_sbom(f"docker:{image}", ROOT / f"dist/sbom/postroom-{service}.spdx.json")
    manifest = {"version": names.version, "commit": names.commit, "modified": names.modified, "images": images}
    (ROOT / "dist/build.json").write_text(json.dumps(manifest, indent=2) + "\n")
    for service, image in images.items():
        sys.stdout.write(f"postroom-{service}  {image['reference']}\n")
    sys.stdout.write(f"dist/build.json: version {names.version}, commit {names.tag}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
