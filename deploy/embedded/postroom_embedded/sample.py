"""The sample itself: sent as any client would send it. Runs in the environment of the lock."""

import os
import sys
from pathlib import Path

import resend
from resend.exceptions import ResendError

_DEVELOPMENT_KEY = "re_dev_postroom"
_MAIL = Path(__file__).parent / "mail"


def main() -> None:
    url = sys.argv[1]
    resend.api_url = url
    resend.api_key = os.environ.get("RESEND_API_KEY") or _DEVELOPMENT_KEY
    try:
        sent = resend.Emails.send(
            {
                "from": os.environ.get("FROM") or "Postroom <hello@example.com>",
                "to": [os.environ.get("TO") or "delivered@resend.dev"],
                "subject": "Your first email through Postroom",
                "html": (_MAIL / "sample.html").read_text(),
                "text": (_MAIL / "sample.txt").read_text(),
            }
        )
    except ResendError as problem:
        sys.stderr.write(f"postroom: {url} refused the sample: {problem}\n")
        sys.exit(1)
    sys.stdout.write(f"sent {sent['id']}\nlook {url}/inbox#{sent['id']}\n")


if __name__ == "__main__":
    main()
