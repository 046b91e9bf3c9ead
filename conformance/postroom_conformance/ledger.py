"""What became of emails that clients were told are accepted."""

from collections import Counter
from collections.abc import Iterable


def find_lost(accepted: Iterable[str], arrived: Iterable[str]) -> list[str]:
    """Emails that never arrived, by id."""
    return sorted(set(accepted) - set(arrived))


def find_doubled(accepted: Iterable[str], arrived: Iterable[str]) -> list[str]:
    """Emails that arrived more than once, by id; one for each time too many."""
    wanted = set(accepted)
    counted = Counter(one for one in arrived if one in wanted)
    return sorted((counted - Counter(dict.fromkeys(wanted, 1))).elements())
