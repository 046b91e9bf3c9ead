"""An image with every kind of fault, built and read as the real ones are: what the engine says of each is known."""

import uuid
from collections.abc import Iterator

import pytest

from postroom_images_testing.contents import PACKAGES
from postroom_images_testing.engine import docker
from postroom_images_testing.faults import Build, find_faults
from postroom_images_testing.image import Image, read_image

# Capabilities as Linux keeps them with a file (capability.h, VFS_CAP_REVISION_2): cap_net_raw, effective.
SPOIL = f"""
import os, pathlib, shutil
packages = pathlib.Path('/{PACKAGES}')
(packages / 'pip').mkdir()
(packages / 'pip/__init__.py').touch()
(packages / 'planted.py').write_text('pass')
(packages / 'postroom_scheduler/main.py').write_text('pass')
(packages / 'postroom_config/load.py').touch()
os.chown(packages / 'loguru', 65532, 65532)
os.chmod(packages / 'redis', 0o777)
shutil.copy('/bin/true', '/app/bin/tool')
shutil.copy('/bin/true', '/usr/bin/other')
os.chmod('/usr/bin/other', 0o4755)
os.setxattr('/app/bin/tool', 'security.capability', bytes.fromhex('0100000200200000') + bytes(12))
pathlib.Path('/app/.env').write_text('TOKEN=0123')
pathlib.Path('/etc/passwd').write_text('nobody')
pathlib.Path('/etc/debian_version').unlink()
"""
RECIPE = """
FROM {image}
USER root
RUN ["/app/bin/python", "-c", "{spoil}"]
ENV API_TOKEN=0123
LABEL org.opencontainers.image.licenses="" org.opencontainers.image.title="other"
LABEL org.opencontainers.image.base.name="third"
VOLUME /data
STOPSIGNAL SIGKILL
ENTRYPOINT exec /app/pex
CMD ["verbose"]
"""
WANTED = [
    "the user is 'root', not two numbers above 0",
    "the entry point is ['/bin/sh', '-c', 'exec /app/pex'], not the service itself",
    "/bin/sh starts a shell",
    "it is told to stop by SIGKILL",
    "label licenses is '', not 'MIT'",
    "label title is 'other', not 'postroom-scheduler'",
    "variable API_TOKEN is not the base's",
    "/data is a volume",
    "the service would be given arguments: ['verbose']",
    "/usr/bin/other is not the base's",
    "/etc/passwd is not the base's",
    "/etc/debian_version is gone",
    "/usr/bin/other gives rights",
    "/app/bin/tool gives rights",
    f"/{PACKAGES}loguru can be written",
    f"/{PACKAGES}redis can be written",
    f"/{PACKAGES}planted.py is not compiled",
    f"/{PACKAGES}postroom_scheduler/main.py was compiled from something else",
    "/app/bin/tool is a program",
    "pip is left",
    "/app/.env may be a secret",
]


@pytest.fixture
def spoilt(names: dict[str, str]) -> Iterator[Image]:
    name = f"postroom-spoilt:{uuid.uuid4().hex}"
    recipe = RECIPE.format(image=names["scheduler"], spoil=SPOIL.strip().replace("\n", "\\n"))
    docker("build", "--quiet", "--tag", name, "-", stdin=recipe.encode())
    yield read_image(name)
    docker("image", "rm", "--force", name)


def test_every_fault_of_an_image_is_told(spoilt: Image, base: Image, build: Build) -> None:
    faults = find_faults(spoilt, base, "scheduler", build)

    wanted = [*WANTED, f"label base.name is 'third', not {build.base!r}"]
    assert [fault for fault in wanted if fault not in faults] == []
    # A source that was touched and not changed needs no compiling: its hash is what counts.
    assert [fault for fault in faults if "postroom_config" in fault] == []
