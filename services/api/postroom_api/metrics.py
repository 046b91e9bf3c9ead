from prometheus_client import Counter, Gauge, Histogram

ACCEPTED = Counter("postroom_emails_accepted", "Emails stored by this api.", ["lane", "transport"])
REFUSED = Counter("postroom_requests_refused", "Requests that got an error, by its name.", ["error"])
ANSWERED = Histogram(
    "postroom_request_seconds",
    "Time to answer a request.",
    ["method", "status"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
GROUP_EMAILS = Histogram(
    "postroom_commit_emails", "Emails stored by one transaction.", buckets=(1, 2, 5, 10, 20, 50, 100, 200)
)
GROUP_SECONDS = Histogram(
    "postroom_commit_seconds",
    "Time that a transaction which stores emails takes, its repetitions included.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
INTAKE = Gauge("postroom_intake_emails", "Emails that wait in this process to be stored.")
PROVIDER_MESSAGES = Counter("postroom_provider_messages", "Messages that a provider's hook was posted.", ["result"])
