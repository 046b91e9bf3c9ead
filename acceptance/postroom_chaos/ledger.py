"""The ledger: from what was accepted and what SES took to what was lost, doubled and held. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from postroom_chaos.explanation import Cause, Explainer
from postroom_chaos.records import Taken

HELD = "held"


@dataclass(frozen=True, slots=True)
class Doubled:
    """An email that SES took once more; without a cause there is a fault in Postroom."""

    first: Taken
    second: Taken
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Attributes: ids of emails, but for strays, which are mails that SES took and no client knows of."""

    accepted: int
    taken: int
    lost: tuple[str, ...]
    held: tuple[str, ...]
    strays: tuple[Taken, ...]
    doubled: tuple[Doubled, ...]

    def problems(self, *, hold: bool) -> list[str]:
        """What must not be; with ``hold`` nothing may be sent twice, whatever the cause."""
        unexplained = [doubled for doubled in self.doubled if doubled.cause is None]
        found = {
            "lost": len(self.lost),
            "taken by SES, but not what the api answered": len(self.strays),
            "doubled without a cause": len(unexplained),
            "doubled although mail of unknown outcome is held": len(self.doubled) - len(unexplained) if hold else 0,
            "held although mail of unknown outcome is sent again": 0 if hold else len(self.held),
        }
        return [f"{count} {what}" for what, count in found.items() if count]


def draw_up(
    accepted: Mapping[int, str], taken: Sequence[Taken], states: Mapping[str, str], explainer: Explainer
) -> Ledger:
    """Set off what clients were promised against what SES took.

    Args:
        accepted: the id that the api answered, by the number of the mail.
        taken: by SES.
        states: of all stored emails, by their id, when nothing was under way any more.
        explainer: of doubles.
    """
    by_id: defaultdict[str, list[Taken]] = defaultdict(list)
    for one in sorted(taken, key=lambda one: one.at):
        by_id[one.email_id].append(one)
    held = tuple(sorted(email_id for email_id, state in states.items() if state == HELD))
    return Ledger(
        accepted=len(accepted),
        taken=len(taken),
        lost=tuple(sorted(set(accepted.values()) - by_id.keys() - set(held))),
        held=held,
        strays=tuple(one for one in taken if one.number is None or accepted.get(one.number) != one.email_id),
        doubled=tuple(
            Doubled(first, second, explainer.explain(first, second))
            for mails in by_id.values()
            for first, second in pairwise(mails)
        ),
    )
