"""The Docker engine, asked through its own command line."""

import json
import subprocess
from pathlib import Path
from typing import Any


class EngineError(RuntimeError):
    """The engine refused, in its own words."""


def docker(*arguments: str, stdin: bytes = b"") -> str:
    """What the engine answers; raises EngineError."""
    return _ask(*arguments, stdin=stdin).stdout.decode().strip()


def inspect(kind: str, name: str) -> Any:
    """All that the engine knows of one ``image``, ``container`` or ``network``."""
    [found] = json.loads(docker(kind, "inspect", name))
    return found


def read_logs(container: str) -> tuple[str, str]:
    """What its process has written to stdout, and to stderr."""
    logs = _ask("logs", container)
    return logs.stdout.decode(), logs.stderr.decode()


def export(container: str) -> bytes:
    """Its file system, as a tar archive."""
    return _ask("export", container).stdout


def built_image(service: str, folder: Path = Path()) -> str:
    """The image of a service that Pants says it built, in a folder where it leaves what it packages; its name."""
    told = json.loads((folder / f"deploy.images/{service}.docker-info.json").read_text())
    name: str = told["registries"][0]["tags"][0]["name"]
    return name


def _ask(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(  # noqa: S603 - arguments of the tests
        ["docker", *arguments],  # noqa: S607 - from PATH, as the caller has it
        input=stdin,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise EngineError(f"docker {arguments[0]} ended with {done.returncode}: {done.stderr.decode()}")
    return done
