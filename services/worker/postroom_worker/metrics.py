from prometheus_client import Counter, Gauge, Histogram

_CALL_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

ATTEMPTS = Counter(
    "postroom_recipients_attempted",
    "Recipients handed to the transport, or suppressed instead.",
    ["transport", "verdict"],
)
SENT = Counter("postroom_emails_sent", "Emails that the provider took for a recipient.", ["transport"])
FAILED = Counter(
    "postroom_emails_failed", "Emails that ended without a recipient that they were sent to.", ["transport", "reason"]
)
DEFERRED = Counter(
    "postroom_emails_deferred",
    "Attempts after which an email waits: for another one, or, when nobody knows what came of it, for the provider.",
    ["transport", "reason"],
)
PARKED = Counter(
    "postroom_emails_parked", "Emails put off because the provider, or an operator, lets none go.", ["reason"]
)
SECONDS = Histogram("postroom_delivery_seconds", "From claim to written outcome.", ["transport"], buckets=_CALL_BUCKETS)
CALL_SECONDS = Histogram(
    "postroom_provider_call_seconds", "Time that one call of the provider takes.", ["transport"], buckets=_CALL_BUCKETS
)
END_TO_END_SECONDS = Histogram(
    "postroom_end_to_end_seconds",
    "From when an email was accepted, or scheduled for, to when it is written that it was sent; the database's clock.",
    ["transport", "lane"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400),
)
LEASES_HELD = Gauge("postroom_leases_held", "Leases that this worker holds.", ["kind"])
LEASES_ENDED = Counter(
    "postroom_leases_ended",
    "Leases of this worker, by how they ended: written, lost (somebody else has it) or unwritten (the database was"
    " away until the lease ended); given_back is a webhook's, after its rounds.",
    ["kind", "outcome"],
)
HINTS_LEFT = Counter(
    "postroom_hints_given_back", "Ids that a worker which stops was told of, and left to others not begun.", ["kind"]
)
WEBHOOK_ATTEMPTS = Counter(
    "postroom_webhook_attempts", "Requests to webhooks: posted, deferred (tried again later) or given_up.", ["result"]
)
WEBHOOK_SECONDS = Histogram(
    "postroom_webhook_seconds", "From a request to a webhook to its answer.", buckets=_CALL_BUCKETS
)
QUOTA_PER_SECOND = Gauge("postroom_quota_per_second", "Recipients a second that the provider takes from the account.")
QUOTA_PER_DAY = Gauge(
    "postroom_quota_per_day", "Recipients in 24 hours that the provider takes from the account; -1: any number."
)
QUOTA_DAY_USED = Gauge(
    "postroom_quota_day_used", "Recipients of the last 24 hours, as the provider counted them at the last reading."
)
QUOTA_DAY_LEFT = Gauge(
    "postroom_quota_day_left", "Recipients that the provider still takes in these 24 hours; -1: any number."
)
QUOTA_SENDING = Gauge("postroom_quota_sending_enabled", "Whether the provider takes mail from the account at all.")
PROVIDER_EVENTS = Counter("postroom_provider_events", "What the provider told of emails.", ["type", "result"])
