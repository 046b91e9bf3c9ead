"""Limits of one email. SES's unless said otherwise: a client learns of them here, not from a bounce."""

MAX_RECIPIENTS = 50
"""Over To, Cc and Bcc together."""

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
