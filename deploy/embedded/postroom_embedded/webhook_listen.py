"""Shows what happens in what `run` started, as a webhook is told of it: finds it, then listens as its client."""

import argparse
import sys

from postroom_embedded.client import become_client
from postroom_embedded.errors import Refused
from postroom_embedded.saying import complain

_HELP = """\
Registers a webhook with what `make run` started, and prints each event that comes: time, type, recipient, svix-id.
What is not signed with the webhook's secret is refused, and said so. Ctrl-C removes the webhook.

  WEBHOOK_PORT    where it listens, on 127.0.0.1 (any port that is free)
  PORT            where the api listens (8000)
  RESEND_API_KEY  the key (the development key)

Postroom has to be allowed to reach loopback: it is with the captured inbox; with real mail, start it with
POSTROOM_EGRESS_ALLOW=127.0.0.0/8.
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="webhook-listen",
        usage="%(prog)s [--help]",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    try:
        become_client("webhook_listener")
    except Refused as refused:
        complain(str(refused))
        sys.exit(refused.exit_code)


if __name__ == "__main__":
    main()
