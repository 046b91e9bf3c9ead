"""What an image is: the configuration that it starts with, and every file that it holds."""

import stat
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from postroom_images_testing.engine import docker, inspect

APP = "app/"
_KINDS = {
    tarfile.REGTYPE: stat.S_IFREG,
    tarfile.LNKTYPE: stat.S_IFREG,
    tarfile.DIRTYPE: stat.S_IFDIR,
    tarfile.SYMTYPE: stat.S_IFLNK,
}
# Put there by the engine when it makes a container; no image holds them.
_OF_THE_CONTAINER = (".dockerenv", "dev/", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf", "proc/", "sys/")


@dataclass(frozen=True, slots=True)
class File:
    """One path of an image.

    Args:
        mode: type and permissions, as `stat` has them.
        target: of a link, symbolic or hard.
        content: of a regular file below /app; nothing of others is read.
        capabilities: it has some that its process would get.
    """

    mode: int = stat.S_IFREG | 0o644
    user: int = 0
    group: int = 0
    size: int = 0
    target: str = ""
    content: bytes = b""
    capabilities: bool = False


Files = Mapping[str, File]
"""By path, without the slash in front."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image as the engine has it.

    Args:
        config: `Config` of `docker image inspect`.
        layers: digests, the lowest first.
        size: of all layers together, in bytes, unpacked.
    """

    config: Mapping[str, Any]
    files: Files
    layers: tuple[str, ...]
    size: int


def read_image(name: str) -> Image:
    told = inspect("image", name)
    return Image(told["Config"], read_files(name), tuple(told["RootFS"]["Layers"]), told["Size"])


def read_files(name: str) -> Files:
    """What a container of the image finds, without running one."""
    # A command is needed for an image that has none; it is not run.
    container = docker("create", "--network", "none", name, "nothing")
    try:
        with subprocess.Popen(  # noqa: S603 - an id that the engine gave
            ["docker", "export", container],  # noqa: S607 - from PATH, as the caller has it
            stdout=subprocess.PIPE,
        ) as export:
            if export.stdout is None:
                raise TypeError("a pipe was asked for")
            return read_archive(export.stdout)
    finally:
        docker("rm", "--force", "--volumes", container)


def read_archive(archive: IO[bytes]) -> Files:
    """What `docker export` writes."""
    files = {}
    with tarfile.open(fileobj=archive, mode="r|") as members:
        for member in members:
            if f"{member.name}/".startswith(_OF_THE_CONTAINER) or member.name in _OF_THE_CONTAINER:
                continue
            content = members.extractfile(member) if member.isreg() and member.name.startswith(APP) else None
            files[member.name] = File(
                mode=_KINDS.get(member.type, 0) | member.mode,
                user=member.uid,
                group=member.gid,
                size=member.size,
                target=member.linkname,
                content=content.read() if content else b"",
                capabilities="SCHILY.xattr.security.capability" in member.pax_headers,
            )
    return files
