"""Limits of one email. SES's unless said otherwise: a client learns of them here, not from a bounce."""

MAX_RECIPIENTS = 50
"""Over To, Cc and Bcc together."""

MAX_ADDRESS = 998
"""Characters of one address with its name. RFC 5322 2.1.1: the longest line. A longer one is no address that a person
has."""

MAX_MESSAGE_BYTES = 40 * 1024 * 1024
"""The whole message as it travels, attachments in base64."""

MAX_BATCH = 100
"""Emails in one batch call (Resend's limit)."""

MAX_SUPPRESSION_BATCH = 100
"""Addresses or ids in one call (Resend's limit)."""

MAX_IDEMPOTENCY_KEY = 256

MAX_SCHEDULE_DAYS = 30

MAX_SUBJECT = 2000
"""Characters. RFC 5322 sets none for a folded header; no real subject comes near."""

MAX_HEADERS = 100

MAX_HEADER_VALUE = 8000
"""Characters of one custom header: well below what relays are known to cut or refuse."""

MAX_TAGS = 50

MAX_SCHEDULE_NAME = 100

MAX_CRON = 100
"""Characters of a cron line."""

MAX_CATCH_UP = 100
"""Missed slots of one schedule that bring mail after all."""

MAX_TEMPLATE_NAME = 255

MAX_TEMPLATE_BYTES = 1024 * 1024
"""HTML and text of a template together, in UTF-8: ten times what Gmail shows before it cuts a mail off."""

MAX_VARIABLES = 50
"""Of one template (Resend's limit, as the next three)."""

MAX_VARIABLE_KEY = 50

MAX_VALUE = 2000
"""Characters of one value."""

MAX_NUMBER = 2**53 - 1
"""Above it, a number that went through JavaScript may be another one."""

MAX_WEBHOOKS = 100
"""Of one workspace: every event is written once for each that wants it."""

MAX_WEBHOOK_ENDPOINT = 2048
"""Characters. What servers and proxies are known to take in a request's first line."""
