from prometheus_client import Counter, Gauge, Histogram

SWEPT = Counter("postroom_emails_swept", "Emails that a sweep moved.", ["sweep"])
SUSPENDED = Gauge("postroom_workspaces_suspended", "Workspaces whose mail waits.")
UNKNOWN = Counter("postroom_unknown_ended", "Emails of unknown outcome, by where they went from there.", ["state"])
SLOTS = Counter("postroom_slots", "Slots of schedules, by what became of them.", ["outcome"])
LATENESS = Histogram(
    "postroom_slot_lateness_seconds",
    "How long after it was due the email of a slot was written.",
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400, float("inf")),
)
FORGOTTEN = Counter("postroom_records_forgotten", "Records that were old enough to be deleted.", ["what"])
FAILING_WEBHOOKS = Gauge("postroom_webhooks_failing", "Enabled webhooks whose last attempt failed.")
