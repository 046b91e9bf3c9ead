"""Whatever the scheduler's table hints, the worker takes from its queue, and has an actor for."""

from postroom_acceptance.stack import Stack
from postroom_database.engine import Database
from postroom_database.forgetting import RetentionRules
from postroom_domain.ids import new_id
from postroom_domain.unknowns import UnknownRules
from postroom_jobs.broker import open_broker
from postroom_jobs.hints import Hints
from postroom_jobs.names import ALONE, DELIVER, PROVIDER, PROVIDER_EVENTS, SLOW_WEBHOOKS, WEBHOOKS
from postroom_scheduler.brake import BrakeRules
from postroom_scheduler.jobs import jobs
from postroom_testing.server import wait_until


def test_every_queue_of_the_schedulers_table_is_consumed_by_the_worker(mariadb_url: str, redis_url: str) -> None:
    environment = {
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_MAIL_URL": "inbox:",
    }
    broker = open_broker(redis_url, timeout_seconds=5)
    hints = Hints(broker, mark=1000)
    database = Database(mariadb_url, pool_size=1, timeout_seconds=5)
    rules = UnknownRules(hold=False, max_crashes=3, max_resends=3)
    brake = BrakeRules({}, window_seconds=60)
    retention = RetentionRules(bodies_days=30, emails_days=90, audit_days=400)
    table = jobs(database, hints, rules, brake, retention, sweep_seconds=1, hint_age_seconds=60, verified_only=True)
    hinted = [job for entry in table for job in entry.hints]
    expected = (*DELIVER.values(), ALONE, PROVIDER, PROVIDER_EVENTS, WEBHOOKS, SLOW_WEBHOOKS)
    assert {job.queue for job in hinted} == {job.queue for job in expected}
    with Stack(environment, names=("worker",)):
        for job in hinted:
            hints.give_to(job, [new_id()])
        for job in hinted:
            # Acknowledged: an actor ran. A hint without one would be put aside, into XQ.
            texts = f"postroom:{job.queue}.msgs"
            wait_until(
                lambda texts=texts: broker.client.hlen(texts) == 0,  # type: ignore[misc]  # bound per queue
                seconds=30,
                what=f"the hint in {job.queue} to be done",
            )
            assert broker.client.exists(f"postroom:{job.queue}.XQ") == 0
    database.close()
    broker.client.close()
