from prometheus_client import Counter, Histogram

ACCEPTED = Counter("postroom_emails_accepted", "Emails stored by this api.", ["lane"])
ANSWERED = Histogram("postroom_request_seconds", "Time to answer a request.", ["method", "status"])
PROVIDER_EVENTS = Counter("postroom_provider_events", "Messages that a provider's hook was posted.", ["type", "result"])
