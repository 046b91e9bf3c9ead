"""Pushes the images that dist/build.json names, and writes what the registry keeps them as: dist/published/build.json.

    make publish REGISTRY=registry.example.com/mail

The file that is written has dist/build.json's form, with references that any machine can pull and that cannot come to
mean another image: `registry.example.com/mail/postroom-api@sha256:...`. Nothing is built. What `docker login` kept
opens the registry.
"""  # noqa: INP001 - a script

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from build_manifest import EX_DATAERR, EX_UNAVAILABLE, EX_USAGE, Manifest, fail, read_manifest, write_manifest

BUILT = Path("dist/build.json")
PUBLISHED = Path("dist/published/build.json")
_REGISTRY = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*")


def main() -> int:
    registry = os.environ.get("REGISTRY", "")
    if not _REGISTRY.fullmatch(registry):
        fail(f"REGISTRY: expected a registry and a path, such as registry.example.com/mail; got {registry!r}", EX_USAGE)
    built = read_manifest(BUILT)
    if built.modified:
        fail(f"{BUILT}: made from files that are in no commit (modified); commit, and `make package` again", EX_DATAERR)
    references = {
        service: publish(image, f"{registry}/postroom-{service}", built) for service, image in built.references.items()
    }
    write_manifest(PUBLISHED, dataclasses.replace(built, references=references))
    for reference in references.values():
        sys.stdout.write(f"{reference}\n")
    return 0


def publish(image: str, repository: str, built: Manifest) -> str:
    """Push one image; return its reference, by the digest under which the registry was seen to give it back."""
    tagged = f"{repository}:{built.commit}"
    _docker("tag", image, tagged)
    _docker("push", "--quiet", tagged)
    listed = json.loads(_docker("image", "inspect", "--format", "{{json .RepoDigests}}", image))
    # The same content in another registry has the same digest under another name.
    (reference,) = (one for one in listed if one.startswith(f"{repository}@sha256:"))
    _docker("pull", "--quiet", reference)
    given_back = _docker("image", "inspect", "--format", "{{.Id}}", reference)
    if given_back != image:
        fail(f"{reference}: the registry gave back {given_back}, not {image}", EX_UNAVAILABLE)
    return str(reference)


def _docker(*arguments: str) -> str:
    """What docker prints; its failure ends this process, after its own words on stderr."""
    done = subprocess.run(["docker", *arguments], stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603, S607 - ours
    if done.returncode != 0:
        fail(f"docker {' '.join(arguments[:2])} ended with {done.returncode}, see above", EX_UNAVAILABLE)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
