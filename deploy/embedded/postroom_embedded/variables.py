"""Which variables the services get: what is set outside wins, the rest is what this machine can give."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from postroom_embedded.errors import EX_CONFIG, Refused

DATABASE = ("POSTROOM_DATABASE_URL", "DATABASE_URL")
REDIS = ("POSTROOM_REDIS_URL", "REDIS_URL")
MAIL = ("POSTROOM_MAIL_URL",)
HOST = ("POSTROOM_HOST",)
PORT = ("POSTROOM_PORT", "PORT")
HEALTH_HOST = ("POSTROOM_HEALTH_HOST",)
HEALTH_PORT = ("POSTROOM_HEALTH_PORT",)
SECRET_KEY = ("POSTROOM_SECRET_KEY",)
VERIFIED_ONLY = ("POSTROOM_VERIFIED_DOMAINS_ONLY",)
EGRESS_ALLOW = ("POSTROOM_EGRESS_ALLOW",)
COMMIT = ("POSTROOM_COMMIT",)
DRAIN = ("POSTROOM_DRAIN_SECONDS",)
DATA_DIR = "POSTROOM_DATA_DIR"

_NOT_PASSED_ON = (DATA_DIR, "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME")
"""The runner's own, what would put other code before that of the lock, and what would slow every start."""

LOOPBACK = "127.0.0.1"
LOOPBACK_NETWORKS = "127.0.0.0/8,::1/128"


def read(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """What is set under the first of these names, or in the file that NAME_FILE names; None when nothing is.

    An empty value counts as none, and so does the ``tcp://`` that Kubernetes puts into POSTROOM_PORT.

    Raises:
        Refused: the file cannot be read.
    """
    for name in names:
        if (value := environ.get(name, "")) and not value.startswith("tcp://"):
            return value
        if path := environ.get(f"{name}_FILE", ""):
            try:
                return Path(path).read_text().rstrip("\r\n")
            except (OSError, ValueError) as problem:
                raise Refused(f"{name}_FILE: the file cannot be read", exit_code=EX_CONFIG) from problem
    return None


def compose(
    environ: Mapping[str, str], defaults: Mapping[tuple[str, ...], str], *, code: str, bytecode: Path
) -> dict[str, str]:
    """The whole environment of a service.

    Args:
        environ: the runner's own.
        defaults: by the names under which somebody may have set another value.
        code: the PYTHONPATH of Postroom's components.
        bytecode: where Python keeps what it compiled, beside the data and not in the checkout. Without it every start
            compiles everything again wherever PYTHONDONTWRITEBYTECODE is set.
    """
    composed = {name: value for name, value in environ.items() if name not in _NOT_PASSED_ON}
    for names, value in defaults.items():
        if read(environ, names) is None:
            composed[names[0]] = value
    return composed | {"PYTHONPATH": code, "PYTHONPYCACHEPREFIX": str(bytecode)}


def uses_inbox(environ: Mapping[str, str]) -> bool:
    url = read(environ, MAIL)
    return url is None or url.startswith("inbox:")


def find_commit(root: Path) -> str:
    """The commit of this checkout; "unknown" where git or the history is missing."""
    try:
        found = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(root), "rev-parse", "--verify", "HEAD"],  # noqa: S607 - from PATH, as the caller has it
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return found.stdout.strip() if found.returncode == 0 else "unknown"
