from prometheus_client import Counter, Histogram

ACCEPTED = Counter("postroom_emails_accepted", "Emails stored by this api.", ["lane"])
ANSWERED = Histogram("postroom_request_seconds", "Time to answer a request.", ["method", "status"])
PROVIDER_MESSAGES = Counter("postroom_provider_messages", "Messages that a provider's hook was posted.", ["result"])
