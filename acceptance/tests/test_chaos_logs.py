from postroom_chaos.logs import count_exceptions, parse, read_notes
from postroom_chaos.records import Life, Note

CLOCK = 1_700_000_000.0  # 2023-11-14T22:13:20Z
LIVES = [Life("worker-1", "AKIA1", 5.0), Life("worker-1", "AKIA2", 20.0)]


def test_what_is_no_event_is_kept_apart() -> None:
    events, others = parse(['{"event": "service.started"}', "Traceback (most recent call last):", '{"event": "cut o'])
    assert events == [{"event": "service.started"}]
    assert others == ["Traceback (most recent call last):", '{"event": "cut o']


def test_notes_tell_which_life_wrote_them_and_when() -> None:
    events = [
        {"ts": "2023-11-14T22:13:31.500000Z", "event": "email.sent", "email_id": "one"},
        {"ts": "2023-11-14T22:13:41.000000Z", "event": "lease.lost", "email_id": "two", "reason": "why"},
        {"ts": "2023-11-14T22:13:41.000000Z", "event": "service.started"},
        {"ts": "2023-11-14T22:13:21.000000Z", "event": "email.sent", "email_id": "before any of them"},
    ]
    assert read_notes(events, LIVES, clock=CLOCK) == [
        Note("one", 11.5, "AKIA1", "email.sent", ""),
        Note("two", 21.0, "AKIA2", "lease.lost", "why"),
    ]


def test_exceptions_are_counted_by_what_was_raised_and_where() -> None:
    trace = 'Traceback:\n  File "a.py", line 1, in f\n    g()\n  File "b.py", line 2, in g\n    raise OSError\nOSError'
    event = {"service": "worker", "event": "job.failed", "error_type": "OSError", "error": "no", "traceback": trace}
    assert count_exceptions([event, event, {"service": "worker", "event": "email.sent"}]) == {
        'worker job.failed: OSError: no (File "b.py", line 2, in g)': 2
    }
