from prometheus_client import Counter, Histogram

ATTEMPTS = Counter(
    "postroom_recipients_attempted",
    "Recipients handed to the transport, or suppressed instead.",
    ["transport", "verdict"],
)
SECONDS = Histogram("postroom_delivery_seconds", "From claim to written outcome.", ["transport"])
