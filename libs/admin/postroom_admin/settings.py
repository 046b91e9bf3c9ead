from postroom_config.database import DatabaseSettings
from postroom_config.egress import EgressSettings
from postroom_config.hints import HintSettings
from postroom_config.mail import MailSettings
from postroom_config.redis import RedisSettings
from postroom_config.retention import RetentionSettings
from postroom_config.ses_events import SesEventSettings
from postroom_config.settings import Settings


class DatabaseOnly(Settings):
    """What most commands need."""

    database: DatabaseSettings


class ForgettingSettings(Settings):
    """How long what is kept, and where."""

    database: DatabaseSettings
    retention: RetentionSettings


class EventSettings(Settings):
    """What it takes to prove a message of SNS."""

    ses_events: SesEventSettings
    egress: EgressSettings


class QueueSettings(Settings):
    """What it takes to look into the windows in Redis, and to fill them."""

    database: DatabaseSettings
    redis: RedisSettings
    hints: HintSettings


class EveryResource(Settings):
    """All that is attached."""

    database: DatabaseSettings
    redis: RedisSettings
    mail: MailSettings


class DoctorSettings(EveryResource):
    """What the doctor looks at."""

    ses_events: SesEventSettings
