"""Sends a sample to what `run` started: finds it, then lets the official client of the installed lock do it."""

import argparse
import sys

from postroom_embedded.client import become_client
from postroom_embedded.errors import Refused
from postroom_embedded.saying import complain

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
        become_client("sample")
    except Refused as refused:
        complain(str(refused))
        sys.exit(refused.exit_code)


if __name__ == "__main__":
    main()
