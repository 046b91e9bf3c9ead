"""What Postroom answers where Resend's documents are silent or disagree: for the compatibility page."""

CHOICES = (
    ("unknown or removed key", "403 `invalid_api_key`"),
    ("a sending key used for anything else", "401 `restricted_api_key`"),
    ("a key bound to a domain, and a `from` in another one", "403 `restricted_api_key`"),
    (
        "`domain_id` for a key with full access",
        "422: ignoring it would leave a key free to send as anybody that its owner believes to be bound",
    ),
    ("an id that is no UUID", "422 `invalid_parameter`"),
    ("an id of another workspace", "404, as an id that does not exist"),
    ("rescheduling or canceling what is not scheduled", "422 `validation_error`, saying where the email stands"),
    ("more than 30 days ahead", "422 `validation_error` naming `scheduled_at`"),
    ("a time without a zone", "UTC"),
    ("a time that has passed", "means now"),
    ("`topic_id`", "422: not supported, and ignoring it would send something else than was meant"),
    ("a batch of none or of more than 100", "422 `validation_error`"),
    ("attachments in a batch", "422 `validation_error`, as in every version of the documents"),
    ("an idempotency key of a request that was refused", "is not used up"),
    ("two equal requests with one key at once", "one email, and both get its id; never 409 for being at work"),
    ("`text` absent", "generated from the HTML when the mail is written; `GET` shows what was sent, so null"),
    ("lists whose `limit` is absent", "emails, templates and suppressions: 20; API keys, domains, attachments: all"),
    ("attachments given by `path`", "fetched when sent and not kept: `download_url` is that address, `size` 0"),
    ("`download_url`", "signed, holds for an hour, needs no key"),
    ("rate limit", "by API key, 100 requests a second unless the operator chose another number; a batch is one"),
    ("a body above 64 MB", "413 `validation_error`; an email above 40 MB 422"),
    ("database away", "503 `service_unavailable` with `retry-after`"),
)
