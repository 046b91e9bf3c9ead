from postroom_config.database import DatabaseSettings
from postroom_config.drain import DrainSettings
from postroom_config.hints import HintSettings
from postroom_config.listen import ListenSettings
from postroom_config.log import LogSettings
from postroom_config.mail import MailSettings
from postroom_config.redis import RedisSettings
from postroom_config.release import ReleaseSettings
from postroom_config.settings import Settings


class ApiSettings(Settings):
    database: DatabaseSettings
    redis: RedisSettings
    hints: HintSettings
    mail: MailSettings
    listen: ListenSettings
    log: LogSettings
    release: ReleaseSettings
    drain: DrainSettings
