from prometheus_client import Counter, Gauge, Histogram

ATTEMPTS = Counter(
    "postroom_recipients_attempted",
    "Recipients handed to the transport, or suppressed instead.",
    ["transport", "verdict"],
)
SECONDS = Histogram("postroom_delivery_seconds", "From claim to written outcome.", ["transport"])
PARKED = Counter(
    "postroom_emails_parked", "Emails put off because the provider, or an operator, lets none go.", ["reason"]
)
WEBHOOK_ATTEMPTS = Counter(
    "postroom_webhook_attempts", "Requests to webhooks: posted, deferred (tried again later) or given_up.", ["result"]
)
WEBHOOK_SECONDS = Histogram("postroom_webhook_seconds", "From a request to a webhook to its answer.")
QUOTA_PER_SECOND = Gauge("postroom_quota_per_second", "Recipients a second that the provider takes from the account.")
QUOTA_DAY_LEFT = Gauge(
    "postroom_quota_day_left", "Recipients that the provider still takes in these 24 hours; -1: any number."
)
PROVIDER_EVENTS = Counter("postroom_provider_events", "What the provider told of emails.", ["type", "result"])
