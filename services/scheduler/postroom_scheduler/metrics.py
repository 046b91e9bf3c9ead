from prometheus_client import Counter, Gauge

SWEPT = Counter("postroom_emails_swept", "Emails that a sweep moved.", ["sweep"])
SUSPENDED = Gauge("postroom_workspaces_suspended", "Workspaces whose mail waits.")
UNKNOWN = Counter("postroom_unknown_ended", "Emails of unknown outcome, by where they went from there.", ["state"])
FAILING_WEBHOOKS = Gauge("postroom_webhooks_failing", "Enabled webhooks whose last attempt failed.")
