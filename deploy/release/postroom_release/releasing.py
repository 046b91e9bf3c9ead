"""Making a deploy, and joining a build with its config."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from postroom_release import compose, engine
from postroom_release.build import SERVICES, read_build
from postroom_release.config import read_config
from postroom_release.errors import EX_CANTCREAT, EX_CONFIG, EX_UNAVAILABLE, Refused
from postroom_release.folder import DeployFolder
from postroom_release.history import History
from postroom_release.record import Record, Records
from postroom_release.saying import say
from postroom_release.secrets import VARIABLES, list_secrets, make_secrets

_CHECKOUT = Path(__file__).resolve().parents[3]
_COMPOSE = _CHECKOUT / "deploy/compose/compose.yaml"
_TEMPLATE = _CHECKOUT / "deploy/compose/config.env"
BUILD_FILE = _CHECKOUT / "dist/build.json"
"""Where `make package` writes."""
PUBLIC_IMAGES = {"DATABASE_IMAGE": "mariadb:10.11", "REDIS_IMAGE": "redis:7.0"}
"""What a deploy is made with where nothing else is named. build-support/on_debian names what stands in for them."""


def make_deploy(folder: DeployFolder, environ: Mapping[str, str]) -> None:
    """Write the folder, whole or not at all.

    Raises:
        Refused: something is there already.
    """
    engine.ensure_answers()
    if folder.config.exists():
        raise Refused(f"{folder.path}: a deploy is there already", exit_code=EX_CANTCREAT)
    if left := engine.list_belongings(folder.project):
        raise Refused(
            f"an earlier deploy called {folder.name} left {', '.join(left)}: choose another name, or remove those",
            exit_code=EX_CANTCREAT,
        )
    images = {name: environ.get(name) or public for name, public in PUBLIC_IMAGES.items()}
    parent = folder.path.parent
    try:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A name of its own until it is whole: one that was interrupted can be made again.
        with TemporaryDirectory(prefix=".making-", dir=parent, ignore_cleanup_errors=True) as work:  # 0700
            made = DeployFolder(Path(work, folder.name))
            made.path.mkdir(mode=0o700)
            made.releases.mkdir(mode=0o700)
            made.certificates.mkdir(mode=0o755)
            make_secrets(made.secrets)
            made.config.touch(mode=0o600)
            made.config.write_text(Template(_TEMPLATE.read_text()).substitute(images))
            made.path.rename(folder.path)  # an empty folder may be there
    except OSError as problem:
        raise Refused(
            f"{problem.filename2 or problem.filename}: {problem.strerror}", exit_code=EX_CANTCREAT
        ) from problem
    say(f"made {folder.path}")
    say("  config.env   what to run and how; read it before `make release`: at first mail only goes into an inbox")
    say("  secrets/     one file each, for you alone; keep a copy of them apart from the database's backup")


def make_release(folder: DeployFolder, build_file: Path) -> Record:
    """Join a build with the config as it is now, after the build itself has checked the config.

    Raises:
        Refused: one of them is not as it must be.
    """
    folder.ensure_there()
    engine.ensure_answers()
    build = read_build(build_file)
    config = read_config(folder.config, list_secrets(folder.secrets))
    engine.ensure_images(
        (build.images[service] for service in SERVICES), remedy="pull what a registry has, or `make package` again"
    )
    beside = {
        service: engine.fix_image(config.values[option])
        for service, option in (("database", "DATABASE_IMAGE"), ("redis", "REDIS_IMAGE"))
        if option in config.values
    }
    text, now = _COMPOSE.read_text(), datetime.now(UTC)
    candidate = Record(
        0, "", build.version, build.commit, build.modified, build.images | beside, config, text
    )  # never written: what the check runs
    with compose.opened(folder, candidate) as opened:
        code = opened.check({name: folder.secrets / name for name in config.secrets if name in VARIABLES})
    if code != 0:
        raise Refused(
            f"no release was made: the build refuses the config, see above (config.env and secrets/ in {folder.path})",
            exit_code=EX_CONFIG if code == EX_CONFIG else EX_UNAVAILABLE,
        )
    used = [step.release for step in History(folder.history).steps()]
    record = Records(folder.releases).add(build, config, images=beside, compose=text, now=now, used=used)
    say(f"release {record.release}: version {record.version}, commit {record.commit}, config {record.fingerprint}")
    return record
