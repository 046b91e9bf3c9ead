"""A `docker` that does nothing, notes what it was told, and says that all went well."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

_PROGRAM = """\
#!{python} -IS
import json, os, sys

folder = {folder!r}
words = sys.argv[1:]
if "compose" in words[:1] and "version" in words:
    print("2.30.0")
elif words[0] == "ps" and not os.path.exists(os.path.join(folder, "empty")):
    print("one")
elif words[:2] == ["image", "inspect"]:
    try:
        print(open(os.path.join(folder, "image", words[2].replace("/", "_"))).read())
    except FileNotFoundError:
        print(json.dumps([dict(Id="sha256:1")]))
elif words[:2] == ["container", "inspect"]:
    print(json.dumps([dict(Id="one", Config=dict(Healthcheck=dict(Test=["CMD", "ask"])), RestartCount=0)]))
with open(os.path.join(folder, "told"), "a") as told:
    told.write(json.dumps([words, dict(os.environ)]) + "\\n")
failing = os.path.join(folder, "failing")
wrong = open(failing).read() if os.path.exists(failing) else None
sys.exit(int(wrong is not None and wrong in " ".join(words)))
"""
_ALWAYS = ("--detach", "--no-build", "--rm", "--no-deps", "--pull", "never", "--no-TTY")


@dataclass(frozen=True, slots=True)
class Told:
    """One command of Compose, as far as a release decides it."""

    words: str
    environment: dict[str, str]


class Listener:
    """The program, in a folder that is to be first on PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program = folder / "docker"
        program.write_text(_PROGRAM.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o755)
        (folder / "image").mkdir()

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}"}

    def fail(self, words: str) -> None:
        """From now on whatever has these in it ends with 1."""
        (self.folder / "failing").write_text(words)

    def find_nothing(self) -> None:
        """From now on there are no containers."""
        (self.folder / "empty").touch()

    def know_image(self, name: str, *, digests: list[str]) -> None:
        told = [{"Id": "sha256:1", "RepoDigests": digests}]
        (self.folder / "image" / name.replace("/", "_")).write_text(json.dumps(told))

    def commands(self) -> list[list[str]]:
        return [words for words, _ in self._told()]

    def composed(self) -> list[Told]:
        """What Compose was told: `run migrate`, `up worker`, and so on, with the secrets' readers for `run secrets`."""
        told = []
        for words, environment in self._told():
            if words[:1] != ["compose"] or "--file" not in words:
                continue
            own = [word for word in words[words.index("--file") + 2 :] if word not in _ALWAYS]
            told.append(Told(" ".join(own), environment))
        return told

    def forget(self) -> None:
        (self.folder / "told").unlink(missing_ok=True)

    def _told(self) -> list[tuple[list[str], dict[str, str]]]:
        file = self.folder / "told"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
