"""What SES publishes about a mail that it took; shapes from AWS's examples of event data."""

import json
from datetime import UTC, datetime
from typing import Any

from postroom_testing.ses_messages import AcceptedMail

HARD_BOUNCE = {"bounceType": "Permanent", "bounceSubType": "General"}
SOFT_BOUNCE = {"bounceType": "Transient", "bounceSubType": "MailboxFull"}
USER_UNKNOWN = {"action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}


def make_event(mail: AcceptedMail, kind: str, **part: Any) -> str:
    """An event of any type; `part` is its own object, such as `bounce={...}`."""
    source_ip, caller = ["192.0.2.1"], ["postroom"]
    event = {
        "eventType": kind,
        "mail": {
            "timestamp": _now(),
            "source": mail.sender,
            "sourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/example.com",
            "sendingAccountId": "123456789012",
            "messageId": mail.message_id,
            "destination": list(mail.recipients),
            "headersTruncated": False,
            "headers": [{"name": "From", "value": mail.sender}, {"name": "Subject", "value": "Subject"}],
            "commonHeaders": {"from": [mail.sender], "messageId": mail.message_id, "subject": "Subject"},
            "tags": {
                "ses:configuration-set": [mail.configuration_set],
                "ses:source-ip": source_ip,
                "ses:from-domain": ["example.com"],
                "ses:caller-identity": caller,
                **{name: [value] for name, value in mail.tags.items()},
            },
        },
        **part,
    }
    return json.dumps(event)


def send(mail: AcceptedMail) -> str:
    return make_event(mail, "Send", send={})


def delivery(mail: AcceptedMail, *addresses: str) -> str:
    """To all recipients when none is named."""
    part = {
        "timestamp": _now(),
        "processingTimeMillis": 546,
        "recipients": list(addresses or mail.recipients),
        "smtpResponse": "250 2.6.0 Message received",
        "remoteMtaIp": "192.0.2.2",
        "reportingMTA": "a8-70.smtp-out.amazonses.com",
    }
    return make_event(mail, "Delivery", delivery=part)


def bounce(mail: AcceptedMail, *addresses: str, kind: dict[str, str] = HARD_BOUNCE) -> str:
    part = kind | {
        "bouncedRecipients": [{"emailAddress": address} | USER_UNKNOWN for address in addresses or mail.recipients],
        "timestamp": _now(),
        "feedbackId": f"{mail.message_id}-feedback",
        "reportingMTA": "dsn; mta.example.com",
    }
    return make_event(mail, "Bounce", bounce=part)


def complaint(mail: AcceptedMail, *addresses: str) -> str:
    part = {
        "complainedRecipients": [{"emailAddress": address} for address in addresses or mail.recipients],
        "timestamp": _now(),
        "feedbackId": f"{mail.message_id}-feedback",
        "complaintSubType": None,
        "complaintFeedbackType": "abuse",
    }
    return make_event(mail, "Complaint", complaint=part)


def delivery_delay(mail: AcceptedMail, *addresses: str) -> str:
    full = {"status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 mailbox full"}
    part = {
        "timestamp": _now(),
        "delayType": "MailboxFull",
        "expirationTime": _now(),
        "delayedRecipients": [{"emailAddress": address} | full for address in addresses or mail.recipients],
    }
    return make_event(mail, "DeliveryDelay", deliveryDelay=part)


def reject(mail: AcceptedMail) -> str:
    return make_event(mail, "Reject", reject={"reason": "Bad content"})


def open_(mail: AcceptedMail) -> str:
    part = {"ipAddress": "192.0.2.3", "timestamp": _now(), "userAgent": "Mozilla/5.0 (test)"}
    return make_event(mail, "Open", open=part)


def click(mail: AcceptedMail) -> str:
    part = {
        "ipAddress": "192.0.2.3",
        "timestamp": _now(),
        "userAgent": "Mozilla/5.0 (test)",
        "link": "https://example.com/a?b=c",
        "linkTags": {"place": ["footer"]},
    }
    return make_event(mail, "Click", click=part)


def rendering_failure(mail: AcceptedMail) -> str:
    part = {"templateName": "Welcome", "errorMessage": "Attribute 'name' is not present in the rendering data."}
    return make_event(mail, "Rendering Failure", failure=part)


def subscription(mail: AcceptedMail) -> str:
    preferences = {
        "unsubscribeAll": True,
        "topicSubscriptionStatus": [{"topicName": "News", "subscriptionStatus": "OptOut"}],
    }
    part = {
        "contactList": "Contacts",
        "timestamp": _now(),
        "source": "UnsubscribeHeader",
        "newTopicPreferences": preferences,
        "oldTopicPreferences": preferences | {"unsubscribeAll": False},
    }
    return make_event(mail, "Subscription", subscription=part)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
