from postroom_config.database import DatabaseSettings
from postroom_config.drain import DrainSettings
from postroom_config.egress import EgressSettings
from postroom_config.hints import HintSettings
from postroom_config.listen import ListenSettings
from postroom_config.log import LogSettings
from postroom_config.mail import MailSettings
from postroom_config.public import PublicSettings
from postroom_config.rate_limit import RateLimitSettings
from postroom_config.redis import RedisSettings
from postroom_config.release import ReleaseSettings
from postroom_config.secrets import SecretSettings
from postroom_config.senders import SenderSettings
from postroom_config.ses_events import SesEventSettings
from postroom_config.settings import Settings
from postroom_config.tracing import TracingSettings


class ApiSettings(Settings):
    database: DatabaseSettings
    redis: RedisSettings
    hints: HintSettings
    mail: MailSettings
    secrets: SecretSettings
    public: PublicSettings
    senders: SenderSettings
    rate_limit: RateLimitSettings
    ses_events: SesEventSettings
    egress: EgressSettings
    listen: ListenSettings
    log: LogSettings
    tracing: TracingSettings
    release: ReleaseSettings
    drain: DrainSettings
