"""Starts each image of a build as an orchestrator does: `smoke_images.py [dist/build.json]`.

Without a config it must refuse to start and say so (78); with one it must live, tell the build's own version and
commit, and end in good order when it is told to. Nothing else is there: no network, no database server, no Redis,
nothing to write to but a folder in memory.
"""  # noqa: INP001 - a script

import json
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from build_manifest import EX_DATAERR, Manifest, read_manifest

_EX_CONFIG = 78
_START_SECONDS = 60
_CONFIG = {
    "POSTROOM_DATABASE_URL": "sqlite:////data/postroom.db",
    "POSTROOM_REDIS_URL": "redis://127.0.0.1:1/0",
    "POSTROOM_MAIL_URL": "inbox:",
    "POSTROOM_SECRET_KEY": "known-to-all-and-used-for-a-minute",
    "POSTROOM_PORT": "8081",
}
_CONFINED = ("--read-only", "--network=none", "--cap-drop=ALL", "--security-opt=no-new-privileges")
_ASK = (
    "import sys, urllib.request; print(urllib.request.urlopen(f'http://127.0.0.1:8081/{sys.argv[1]}').read().decode())"
)


def main(files: list[str]) -> int:
    build = read_manifest(Path(files[0] if files else "dist/build.json"))
    with ThreadPoolExecutor() as together:
        tried = together.map(lambda service: try_image(service, build), build.references)
        faults = [fault for found in tried for fault in found]
    for fault in faults:
        sys.stderr.write(f"smoke: {fault}\n")
    return EX_DATAERR if faults else 0


def try_image(service: str, build: Manifest) -> list[str]:
    """What is wrong with the image of one service."""
    image = build.references[service]
    refused = _docker("run", "--rm", *_CONFINED, image)
    if refused.returncode != _EX_CONFIG or "POSTROOM_DATABASE_URL: missing" not in refused.stderr:
        return [f"{service}: without a config it ended with {refused.returncode}: {refused.stderr.strip()}"]

    name = f"postroom-smoke-{secrets.token_hex(6)}"
    variables = (f"--env={variable}={value}" for variable, value in _CONFIG.items())
    started = _docker("run", "--detach", "--name", name, *_CONFINED, "--tmpfs=/data:uid=65532", *variables, image)
    try:
        if started.returncode != 0:
            return [f"{service}: {started.stderr.strip()}"]
        return [f"{service}: {fault}" for fault in _watch(name, build)]
    finally:
        _docker("rm", "--force", name)


def _watch(container: str, build: Manifest) -> list[str]:
    deadline = time.monotonic() + _START_SECONDS
    while (alive := _ask(container, "livez")) is None:
        if time.monotonic() > deadline or _state(container, "Running") != "true":
            logs = _docker("logs", "--tail=20", container)
            return [f"it did not come to life:\n{logs.stdout}{logs.stderr}"]
        time.sleep(0.2)
    told = _ask(container, "version") or {}
    faults = [
        f"/version tells {name} {told.get(name)}, not {expected}"
        for name, expected in (("version", build.version), ("commit", build.tag))
        if told.get(name) != expected
    ]
    if alive != {"status": "alive"}:
        faults.append(f"/livez tells {alive}")
    _docker("stop", container)
    if (code := _state(container, "ExitCode")) != "0":
        faults.append(f"told to end, it ended with {code}")
    return faults


def _ask(container: str, page: str) -> dict[str, str] | None:
    answer = _docker("exec", container, "python3.11", "-c", _ASK, page)
    return json.loads(answer.stdout) if answer.returncode == 0 else None


def _state(container: str, field: str) -> str:
    return _docker("inspect", "--format", f"{{{{.State.{field}}}}}", container).stdout.strip()


def _docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607 - ours


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
