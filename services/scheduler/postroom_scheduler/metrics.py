from prometheus_client import Counter, Gauge, Histogram, Summary

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

OLDEST = Gauge(
    "postroom_queue_oldest_seconds",
    "How long the email has been due that has been due longest, by the database's clock; 0: none is due.",
    ["lane"],
)
DEPTH = Gauge(
    "postroom_queue_depth",
    "Emails that are not ended, counted up to 10,000: due, put_off (parked, or to be tried again), suspect, sending,"
    " unknown, held, scheduled.",
    ["lane", "state"],
)
HINTS = Gauge("postroom_hints_waiting", "Hints in Redis that no worker has fetched yet.", ["queue"])
WEBHOOK_STATES = Gauge(
    "postroom_webhooks", "Webhooks, counted up to 10,000: healthy, slow, failing, disabled.", ["state"]
)
OLDEST_DELIVERY = Gauge(
    "postroom_webhook_oldest_seconds",
    "How long the webhook delivery has been due that has been due longest, over 1,000 webhooks at most; 0: none is.",
    ["queue"],
)

JOB_INTERVAL = Gauge("postroom_task_interval_seconds", "How often a job of the scheduler is run.", ["task"])
JOB_SUCCEEDED = Gauge(
    "postroom_task_last_success_timestamp_seconds",
    "When a job of the scheduler last came to its end; 0: not since the process started.",
    ["task"],
)
JOB_RUNS = Counter(
    "postroom_task_runs",
    "Runs of a job of the scheduler: succeeded, contended (another scheduler was at it), postponed (a backing service"
    " is away) or failed.",
    ["task", "outcome"],
)
JOB_SECONDS = Summary("postroom_task_seconds", "Time that a run of a job of the scheduler takes.", ["task"])
JOB_LATENESS = Histogram(
    "postroom_task_lateness_seconds",
    "How much later than its interval after the run before a run of a job of the scheduler began.",
    ["task"],
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 3600),
)
