"""Every block of the release, in the order of the reference."""

from postroom_config.brake import BrakeSettings
from postroom_config.database import DatabaseSettings
from postroom_config.drain import DrainSettings
from postroom_config.egress import EgressSettings
from postroom_config.health import HealthSettings
from postroom_config.hints import HintSettings
from postroom_config.listen import ListenSettings
from postroom_config.log import LogSettings
from postroom_config.mail import MailSettings
from postroom_config.outcomes import OutcomeSettings
from postroom_config.pace import PaceSettings
from postroom_config.public import PublicSettings
from postroom_config.rate_limit import RateLimitSettings
from postroom_config.redis import RedisSettings
from postroom_config.release import ReleaseSettings
from postroom_config.retention import RetentionSettings
from postroom_config.scheduler import SchedulerSettings
from postroom_config.secrets import SecretSettings
from postroom_config.senders import SenderSettings
from postroom_config.ses_events import SesEventSettings
from postroom_config.settings import Block
from postroom_config.tracing import TracingSettings
from postroom_config.webhooks import WebhookSettings
from postroom_config.worker import WorkerSettings

_SERVICES = ("api", "worker", "scheduler")

READERS: dict[type[Block], tuple[str, ...]] = {
    DatabaseSettings: (*_SERVICES, "admin"),
    RedisSettings: (*_SERVICES, "admin"),
    MailSettings: ("api", "worker", "admin"),
    SecretSettings: ("api", "worker"),
    PublicSettings: ("api",),
    SenderSettings: ("api", "scheduler"),
    RateLimitSettings: ("api",),
    ListenSettings: ("api",),
    HealthSettings: ("worker", "scheduler"),
    LogSettings: _SERVICES,
    ReleaseSettings: (*_SERVICES, "admin"),
    DrainSettings: _SERVICES,
    HintSettings: (*_SERVICES, "admin"),
    WorkerSettings: ("worker",),
    OutcomeSettings: ("scheduler",),
    PaceSettings: ("worker",),
    SchedulerSettings: ("scheduler",),
    BrakeSettings: ("scheduler",),
    RetentionSettings: ("scheduler", "admin"),
    SesEventSettings: ("api", "admin"),
    EgressSettings: ("api", "worker", "admin"),
    WebhookSettings: ("worker",),
    TracingSettings: _SERVICES,
}
"""Which processes read a block; `admin` where one of its commands does."""

BLOCKS = tuple(READERS)

TOOL_VARIABLES: dict[str, str] = {
    "POSTROOM_DATA_DIR": "Where `make run` keeps its data; without it `.postroom/`.",
    "POSTROOM_TEST_CORPUS": "A folder with more mails for the tests: pairs of NAME.html and NAME.txt.",
}
"""Names with the prefix that no service reads: tools around the services do."""
