"""How much mail a provider takes from this account."""

from dataclasses import dataclass

UNLIMITED = -1.0


@dataclass(frozen=True, slots=True)
class Quota:
    """What the provider allows, counted in envelope recipients (AWS, "Service quotas in Amazon SES").

    Attributes:
        per_second: recipients; short bursts above it are tolerated.
        per_day: recipients in any 24 hours; UNLIMITED: any number.
        sent_in_day: recipients of the 24 hours before it was asked for.
        sending_enabled: whether it takes mail at all.
    """

    per_second: float
    per_day: float
    sent_in_day: float
    sending_enabled: bool

    @property
    def day_left(self) -> float:
        """Recipients that it would still take now; UNLIMITED: any number."""
        return UNLIMITED if self.per_day < 0 else max(0.0, self.per_day - self.sent_in_day)
