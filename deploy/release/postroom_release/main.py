"""Releases of Postroom on one machine: the commands."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import NoReturn

from postroom_release.errors import EX_USAGE, Refused
from postroom_release.folder import DeployFolder, find_folder
from postroom_release.history import History
from postroom_release.record import Records, describe
from postroom_release.releasing import BUILD_FILE, make_deploy, make_release
from postroom_release.running import WAIT_SECONDS, run_admin, run_release, take_down
from postroom_release.saying import complain, say

_HELP = """\
Joins a build with a config and runs what comes of it, with Docker Compose.

  make package          builds images, and dist/build.json, which names them
  release new           makes a deploy: a folder with its config and its secrets
  release release       joins dist/build.json with that config: a numbered record that never changes
  release up            runs the newest record, or `up N`
  release rollback N    runs an older one; nothing is built again

DEPLOY names the folder; without it, ~/.local/share/postroom/deploys/main. Its last part names the containers.
docs/how-to/deploy-compose.md leads through all of it.
"""
_EXIT_CODES = """\
exit codes:
  0   done
  64  called wrongly
  65  a record was altered, a build is none, or the schema no longer serves the release
  66  no such deploy, build or release
  69  no engine or image, or a service did not become ready
  73  a deploy of that name is there
  75  another command changes what runs
  78  the config cannot be used; the report names what and where
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        complain(message)
        sys.exit(EX_USAGE)


def main() -> None:
    words = sys.argv[1:]
    own, others = _part(words)
    arguments = _parser().parse_args(own)
    try:
        sys.exit(_run(arguments, others, find_folder(os.environ)))
    except Refused as refused:
        complain(str(refused))
        sys.exit(refused.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


def _part(words: list[str]) -> tuple[list[str], list[str]]:
    """What is said here, and what follows `admin`, which is the admin's own, options among it."""
    if words[:1] != ["admin"]:
        return words, []
    own = 3 if words[1:2] == ["--release"] else 1
    return words[:own], words[own:]


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="release", description=_HELP, epilog=_EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("new", help="make a deploy")
    release = commands.add_parser("release", help="join the build with the config, after a check of it")
    release.add_argument(
        "--build", type=Path, default=BUILD_FILE, metavar="FILE", help="what `make package` wrote (dist/build.json)"
    )
    up = commands.add_parser("up", help="run a release")
    up.add_argument("number", nargs="?", type=_number, metavar="N", help="the newest without it")
    rollback = commands.add_parser("rollback", help="run an older release")
    rollback.add_argument("number", type=_number, metavar="N", help="its number, as `list` shows it")
    for command in (up, rollback):
        command.add_argument(
            "--wait",
            type=_number,
            default=WAIT_SECONDS,
            metavar="SECONDS",
            help=f"for each service to become ready ({WAIT_SECONDS})",
        )
    listing = commands.add_parser("list", help="all releases; * marks the one that runs")
    listing.add_argument("--json", action="store_true", help="as JSON, oldest first, with images and config")
    down = commands.add_parser("down", help="end and remove the containers; data stays")
    down.add_argument("--volumes", action="store_true", help="remove the database, too; asks first")
    admin = commands.add_parser(
        "admin", help="an admin process of the running release, else of the newest: `admin doctor`"
    )
    admin.add_argument("--release", dest="number", type=_number, metavar="N", help="of another one, where none runs")
    return parser


def _run(arguments: argparse.Namespace, others: list[str], folder: DeployFolder) -> int:
    match arguments.command:
        case "new":
            make_deploy(folder, os.environ)
        case "release":
            make_release(folder, arguments.build)
        case "up" | "rollback" as action:
            run_release(folder, arguments.number, action=action, wait_seconds=arguments.wait)
        case "list":
            _list(folder, as_json=arguments.json)
        case "down":
            if arguments.volumes and not _agreed(folder):
                complain("nothing was done")
                return EX_USAGE
            take_down(folder, volumes=arguments.volumes)
        case "admin":
            return run_admin(folder, arguments.number, others, terminal=sys.stdin.isatty() and sys.stdout.isatty())
    return 0


def _list(folder: DeployFolder, *, as_json: bool) -> None:
    folder.ensure_there()
    records, history = Records(folder.releases).read_all(), History(folder.history)
    last = history.last
    running = {last.release: f"{last.outcome} since {last.at}"} if last and last.outcome != "down" else {}
    if as_json:
        told = [record.as_json() | {"running": record.release in running} for record in records]
        for one in told:
            del one["compose"]  # a long text, in the record itself
        say(json.dumps(told, indent=2))
        return
    for line in describe(records, running):
        say(line)


def _agreed(folder: DeployFolder) -> bool:
    say(f"This removes the database of {folder.name}, all mail in it, for good. Type its name to go on:")
    return sys.stdin.readline().strip() == folder.name


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 999_999:  # noqa: PLR2004 - six digits name a file
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 999999, not {text!r}")
    return int(text)


if __name__ == "__main__":
    main()
