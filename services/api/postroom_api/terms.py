"""What an operator decided, as the routes need it."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from postroom_api.settings import ApiSettings
from postroom_egress.networks import Network


@dataclass(frozen=True, slots=True)
class Terms:
    """What an operator decided.

    Attributes:
        transport: the scheme of POSTROOM_MAIL_URL: ses, smtp, smtps or inbox.
        region: SES's, where mail leaves through it.
        secrets: of POSTROOM_SECRET_KEY, the newest first.
        public_url: what links begin with; None: what the request named.
        requests_per_second: of one key; 0: any number.
        verified_only: whether senders must be in verified domains.
        reachable: private networks that webhooks may be in.
    """

    transport: str
    region: str | None
    secrets: Sequence[str]
    public_url: str | None
    requests_per_second: int
    verified_only: bool
    reachable: Sequence[Network]

    @property
    def transport_name(self) -> str:
        """As the worker and the metrics call it."""
        return "smtp" if self.transport == "smtps" else self.transport

    @property
    def uses_inbox(self) -> bool:
        return self.transport == "inbox"


def read_terms(settings: ApiSettings) -> Terms:
    mail = urlsplit(settings.mail.url.get_secret_value())
    return Terms(
        transport=mail.scheme,
        region=mail.hostname if mail.scheme == "ses" else None,
        secrets=settings.secrets.read(),
        public_url=settings.public.url,
        requests_per_second=settings.rate_limit.per_second,
        verified_only=settings.senders.verified_only,
        reachable=settings.egress.allow,
    )


def expects_events(settings: ApiSettings) -> bool:
    """Whether SES is told to publish what becomes of mail."""
    mail = urlsplit(settings.mail.url.get_secret_value())
    return mail.scheme == "ses" and "configuration_set" in parse_qs(mail.query)
