from postroom_domain.webhook_retries import retry_seconds


def test_there_are_eight_attempts() -> None:
    hours = 3600
    expected = [5, 300, 1800, 2 * hours, 5 * hours, 10 * hours, 10 * hours, None]
    assert [retry_seconds(attempt) for attempt in range(1, 9)] == expected
