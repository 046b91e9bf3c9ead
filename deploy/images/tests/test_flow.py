"""A mail on its way through the three images, locked down, and what they write meanwhile."""

import base64

from postroom_images_testing.stack import SERVICES, Stack

REPORT = bytes(range(256)) * 20_000


def test_a_mail_goes_through_all_three(stack: Stack) -> None:
    email_id = stack.post(
        {
            "from": "from@example.com",
            "to": "to@example.com",
            "subject": "large",
            "html": "<p>It is on its way.</p>",
            # Whoever would put it into a temporary file cannot.
            "attachments": [{"filename": "report.bin", "content": base64.b64encode(REPORT).decode()}],
        }
    )
    stack.wait_until(lambda: email_id in stack.arrived(), "the mail")
