"""All that can be wrong with an image of a service, though it starts."""

from dataclasses import dataclass

from postroom_images_testing.closures import find_foreign_code, find_misplaced_admin
from postroom_images_testing.contents import (
    find_privileges,
    find_programs,
    find_secrets,
    find_strays,
    find_tools_and_tests,
    find_uncompiled,
    find_writable,
)
from postroom_images_testing.image import Image
from postroom_images_testing.start import (
    find_privileged_user,
    find_shells,
    find_strange_variables,
    find_volumes,
    find_wrong_labels,
)

USER = 65532


@dataclass(frozen=True, slots=True)
class Build:
    """What an image must say that it was built from.

    Args:
        base: the image that it stands on, as it was named.
    """

    version: str
    revision: str
    source: str
    base: str


def find_faults(image: Image, base: Image, service: str, build: Build) -> list[str]:
    config, files = image.config, image.files
    return [
        *find_privileged_user(config),
        *find_shells(config),
        *find_wrong_labels(
            config,
            title=f"postroom-{service}",
            version=build.version,
            revision=build.revision,
            source=build.source,
            base=build.base,
        ),
        *find_strange_variables(config, base.config, revision=build.revision),
        *find_volumes(config, base.config),
        *find_strays(files, base.files),
        *find_privileges(files, base.files),
        *find_writable(files, USER),
        *find_uncompiled(files),
        *find_programs(files),
        *find_tools_and_tests(files),
        *find_secrets(files),
        *find_foreign_code(files, service),
        *find_misplaced_admin(files, service),
    ]
