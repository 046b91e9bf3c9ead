"""Whether what `make up` reads could build something, or run another image than a release names."""

import re
from collections.abc import Iterator, Mapping
from string import Template
from typing import Any

_FIXED = re.compile(r"(?:[a-z0-9][\w.:/-]*@)?sha256:[0-9a-f]{64}")


def find_building(compose: Mapping[str, Any], images: Mapping[str, str]) -> list[str]:
    """Services that are built, pulled, or run by a name that can come to mean another image.

    Args:
        compose: compose.yaml, read.
        images: of a record, by service.
    """
    variables = {f"{service.upper()}_IMAGE": image for service, image in images.items()}
    return [f"{name}: {what}" for name, one in compose["services"].items() for what in _complain(one, variables)]


def _complain(service: Mapping[str, Any], variables: Mapping[str, str]) -> Iterator[str]:
    image = Template(service.get("image", "")).safe_substitute(variables)
    if "build" in service:
        yield "is built when it is run"
    if not _FIXED.fullmatch(image):
        yield f"image {image or 'none'} can change"
    if service.get("pull_policy") != "never":
        yield "may be pulled when it is run"
