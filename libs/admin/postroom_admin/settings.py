from postroom_config.database import DatabaseSettings
from postroom_config.mail import MailSettings
from postroom_config.redis import RedisSettings
from postroom_config.settings import Settings


class DatabaseOnly(Settings):
    """What most commands need."""

    database: DatabaseSettings


class EveryResource(Settings):
    """What the doctor looks at."""

    database: DatabaseSettings
    redis: RedisSettings
    mail: MailSettings
