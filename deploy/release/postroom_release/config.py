"""A deploy's config: `config.env`, lines of NAME=VALUE. Values are taken as they stand."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from postroom_release.errors import EX_CONFIG, Refused
from postroom_release.secrets import AWS_CREDENTIALS, FOR_DATABASE, MOUNTED, VARIABLES

OPTIONS = ("API_PUBLISH", "WORKER_REPLICAS", "DATABASE_IMAGE", "REDIS_IMAGE")
"""What is told to Compose; the rest is told to the services."""

_SET_HERE = {
    "POSTROOM_RELEASE": "is the number of the release",
    "POSTROOM_COMMIT": "is the build's",
    "POSTROOM_HOST": "is a container's own; API_PUBLISH says where clients reach the api",
    "POSTROOM_PORT": "is a container's own; API_PUBLISH says where clients reach the api",
    "POSTROOM_HEALTH_HOST": "is a container's own",
    "POSTROOM_HEALTH_PORT": "is a container's own",
}
_AWS_SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_PUBLISH = re.compile(r"(127(?:\.\d{1,3}){3}|\[::1\]|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\]):([1-9]\d{0,4})")
_LARGEST_PORT = 65_535
_DRAIN_SECONDS = "25"
"""What the services take where POSTROOM_DRAIN_SECONDS is not set."""
_AFTER_DRAIN_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Config:
    """What differs between deploys.

    Args:
        values: every NAME=VALUE that is set; an empty value counts as not set.
        secrets: names of the files with secrets that the release reads.
    """

    values: dict[str, str]
    secrets: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        """What each service is given, secrets as paths."""
        given = {name: value for name, value in self.values.items() if name not in OPTIONS}
        given |= {f"{VARIABLES[name]}_FILE": f"{MOUNTED}/{name}" for name in self.secrets if name in VARIABLES}
        if AWS_CREDENTIALS in self.secrets:
            given["AWS_SHARED_CREDENTIALS_FILE"] = f"{MOUNTED}/{AWS_CREDENTIALS}"
        if self._publishes_to_this_machine:
            # A container's loopback reaches nobody, so the api binds more; who reaches it is decided outside.
            given.setdefault("POSTROOM_INBOX_EXPOSED", "true")
        return given

    @property
    def publish(self) -> str:
        return self.values["API_PUBLISH"]

    @property
    def worker_replicas(self) -> str:
        return self.values["WORKER_REPLICAS"]

    @property
    def grace_seconds(self) -> int:
        """What a container is given to end: longer than it drains. Whether that is a number the build's check says."""
        drain = self.values.get("POSTROOM_DRAIN_SECONDS", _DRAIN_SECONDS)
        return math.ceil(float(drain)) + _AFTER_DRAIN_SECONDS if re.fullmatch(r"\d+(\.\d+)?", drain) else 0

    @property
    def _publishes_to_this_machine(self) -> bool:
        return self.publish.startswith(("127.", "[::1]"))


def read_config(file: Path, secrets: list[str]) -> Config:
    """What stands in the file and beside it.

    Raises:
        Refused: one report that names every line that is wrong, and no value.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise Refused(f"{file}: it cannot be read as text", exit_code=EX_CONFIG) from problem
    values: dict[str, str] = {}
    problems = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            problems.append(f"line {number}: expected NAME=VALUE, or # at its beginning")
            continue
        name, value = found.groups()
        if complaint := "set twice" if name in values else _complain(name, value, secrets):
            problems.append(f"line {number}: {name}: {complaint}")
        values[name] = value
    problems += [f"{name}: missing" for name in ("API_PUBLISH", "WORKER_REPLICAS") if not values.get(name)]
    if values.get("DATABASE_IMAGE"):
        problems += [f"DATABASE_IMAGE: it needs secrets/{name}" for name in FOR_DATABASE if name not in secrets]
    if problems:
        raise Refused(f"{file} cannot be used:\n  " + "\n  ".join(problems), exit_code=EX_CONFIG)
    return Config({name: value for name, value in values.items() if value}, tuple(secrets))


def _complain(name: str, value: str, secrets: list[str]) -> str | None:
    """What is wrong with a line."""
    if not value:
        return None
    return _complain_about_name(name, secrets) or _complain_about_value(name, value)


def _complain_about_name(name: str, secrets: list[str]) -> str | None:
    if name not in OPTIONS and not name.startswith(("POSTROOM_", "AWS_")):
        return f"unknown; expected POSTROOM_..., AWS_... or one of {', '.join(OPTIONS)}"
    if name in _SET_HERE:
        return f"it {_SET_HERE[name]}"
    for file, variable in VARIABLES.items():
        if name == f"{variable}_FILE":
            return f"secrets/{file} is mounted by itself"
        if name == variable and file in secrets:
            return f"set twice: secrets/{file} is there"
    return None


def _complain_about_value(name: str, value: str) -> str | None:
    if value != value.strip() or value[0] in "\"'":
        return "no quotes and no spaces around a value, it is taken as it stands"
    if secret := _find_secret(name, value):
        return f"it holds a secret, which goes into secrets/{secret}"
    if name == "API_PUBLISH":
        found = _PUBLISH.fullmatch(value)
        if found is None or int(found[2]) > _LARGEST_PORT:
            return "expected ADDRESS:PORT, such as 127.0.0.1:8000"
    if name == "WORKER_REPLICAS" and re.fullmatch(r"[1-9]\d?", value) is None:
        return "expected a whole number from 1 to 99"
    return None


def _find_secret(name: str, value: str) -> str | None:
    """The file in which it belongs; None where it is none."""
    if name in _AWS_SECRETS:
        return AWS_CREDENTIALS
    if name == "POSTROOM_SECRET_KEY":
        return "secret_key"
    for file, variable in VARIABLES.items():
        if name == variable:
            try:
                url = urlsplit(value)
                hidden = url.password or "password" in parse_qs(url.query)
            except ValueError:  # the image's own check refuses it, and says why
                hidden = "@" in value
            return file if hidden else None
    return None
