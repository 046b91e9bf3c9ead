"""Sends a sample to what `run` started: finds it, then lets the official client of the installed lock do it."""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from postroom_embedded.errors import Refused
from postroom_embedded.readiness import get_status
from postroom_embedded.saying import complain
from postroom_embedded.setting import read_setting

_HELP = """\
Sends a sample email to what `make run` started, with the official Resend client.

  TO              the recipient (delivered@resend.dev); bounced@resend.dev and complained@resend.dev do what they say
  FROM            the sender (Postroom <hello@example.com>)
  PORT            where the api listens (8000)
  RESEND_API_KEY  the key (the development key)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="send", usage="%(prog)s [--help]", description=_HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    try:
        _become_client()
    except Refused as refused:
        complain(str(refused))
        sys.exit(refused.exit_code)


def _become_client() -> NoReturn:
    setting = read_setting(os.environ)
    address = setting.address
    if get_status(address.reachable_host, address.port, "/livez") is None:
        raise Refused(f"nothing answers at {address.url}: start it with make run")
    setting.installation.demand()
    command = [str(setting.installation.python), "-P", "-m", "postroom_embedded.sample", address.url]
    # The client would ask a proxy of the machine for what is right here.
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "NO_PROXY": address.reachable_host}
    os.execve(command[0], command, env)  # noqa: S606 - our own program, no shell wanted


if __name__ == "__main__":
    main()
