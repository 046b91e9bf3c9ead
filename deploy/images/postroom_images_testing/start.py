"""How an image starts: each function names what is wrong in its configuration; an empty list is good."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

Config = Mapping[str, Any]

_SHELLS = {"ash", "bash", "busybox", "dash", "env", "ksh", "sh", "zsh"}
_NUMERIC = re.compile(r"[1-9]\d*:[1-9]\d*")
_TITLE = "org.opencontainers.image."


def find_privileged_user(config: Config) -> list[str]:
    """By number, because an orchestrator that wants no root cannot look up a name."""
    user = config.get("User", "")
    return [] if _NUMERIC.fullmatch(user) else [f"the user is {user!r}, not two numbers above 0"]


def find_shells(config: Config) -> list[str]:
    """Whatever would stand between the engine and the service, and keep signals from it."""
    entry_point = config.get("Entrypoint") or []
    findings = [] if entry_point == ["/app/pex"] else [f"the entry point is {entry_point}, not the service itself"]
    words = [*entry_point, *(config.get("Cmd") or [])]
    findings += [f"{word} starts a shell" for word in words if PurePosixPath(word).name in _SHELLS]
    if config.get("Cmd"):
        findings.append(f"the service would be given arguments: {config['Cmd']}")
    if config.get("StopSignal", "SIGTERM") != "SIGTERM":
        findings.append(f"it is told to stop by {config['StopSignal']}")
    if config.get("Healthcheck"):
        findings.append("it is asked for its health by a process of its own")
    return findings


def find_wrong_labels(config: Config, *, title: str, version: str, revision: str, source: str, base: str) -> list[str]:
    """Of the Open Container Initiative's names (image-spec, annotations.md)."""
    wanted: dict[str, str | None] = {
        "title": title,
        "version": version,
        "revision": revision,
        "source": source,
        "licenses": "MIT",
        "base.name": base,
        "base.digest": base.partition("@")[2] or None,
    }
    labels = config.get("Labels") or {}
    return [
        f"label {name} is {labels.get(_TITLE + name)!r}, not {value!r}"
        for name, value in wanted.items()
        if labels.get(_TITLE + name) != value
    ]


def find_strange_variables(config: Config, base: Config, *, revision: str) -> list[str]:
    """What the base does not set, and is not the commit. No value is told: it may be a secret."""
    wanted = {*(base.get("Env") or []), f"POSTROOM_COMMIT={revision}"}
    found = set(config.get("Env") or [])
    findings = [f"variable {line.partition('=')[0]} is not the base's" for line in sorted(found - wanted)]
    return findings + [f"variable {line.partition('=')[0]} is missing" for line in sorted(wanted - found)]


def find_volumes(config: Config, base: Config) -> list[str]:
    """A process of Postroom keeps nothing on a disk."""
    added = set(config.get("Volumes") or {}) - set(base.get("Volumes") or {})
    return [f"{path} is a volume" for path in sorted(added)]
