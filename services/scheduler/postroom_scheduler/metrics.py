from prometheus_client import Counter

SWEPT = Counter("postroom_emails_swept", "Emails that a sweep moved.", ["sweep"])
