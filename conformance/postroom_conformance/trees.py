"""File systems compared: all of an image's paths, with what is in them."""

import hashlib
import io
import tarfile

from postroom_images_testing.engine import docker, export

Tree = dict[str, tuple[object, ...]]
"""A path's type, mode, owner, group, target of a link, and the digest of its content."""


def read_tree(image: str) -> Tree:
    container = docker("create", "--network=none", image)
    try:
        return read_tar(export(container))
    finally:
        docker("rm", "--force", container)


def read_tar(archive: bytes) -> Tree:
    tree: Tree = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            content = files.extractfile(member) if member.isfile() else None
            tree[member.name] = (
                member.type,
                member.mode,
                member.uid,
                member.gid,
                member.linkname,
                hashlib.sha256(content.read()).hexdigest() if content else None,
            )
    return tree


def find_differences(one: Tree, other: Tree) -> list[str]:
    """Paths that are not the same, or not there, in both."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))
