"""The keys of Redis: what waits for workers, and what may be deleted at any time."""

from redis import Redis

_HINTS = b"postroom:"
"""What the keys of the queues begin with; those of the rate limit and of the pace do not."""


def count_waiting(client: Redis) -> int:
    """What waits in any list, whatever the list is called."""
    return sum(client.llen(key) for key in client.scan_iter(_type="LIST"))


def clear_others(client: Redis) -> list[str]:
    """Delete every key that is no queue's; their names."""
    keys = sorted(key for key in client.scan_iter() if not key.startswith(_HINTS))
    if keys:
        client.delete(*keys)
    return [key.decode() for key in keys]
