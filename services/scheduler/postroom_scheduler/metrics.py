from prometheus_client import Counter

SWEPT = Counter("postroom_emails_swept", "Emails that a sweep moved.", ["sweep"])
UNKNOWN = Counter("postroom_unknown_ended", "Emails of unknown outcome, by where they went from there.", ["state"])
