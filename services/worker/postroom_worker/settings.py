from postroom_config.database import DatabaseSettings
from postroom_config.drain import DrainSettings
from postroom_config.egress import EgressSettings
from postroom_config.health import HealthSettings
from postroom_config.hints import HintSettings
from postroom_config.log import LogSettings
from postroom_config.mail import MailSettings
from postroom_config.pace import PaceSettings
from postroom_config.redis import RedisSettings
from postroom_config.release import ReleaseSettings
from postroom_config.secrets import SecretSettings
from postroom_config.settings import Settings
from postroom_config.tracing import TracingSettings
from postroom_config.webhooks import WebhookSettings
from postroom_config.worker import WorkerSettings


class WorkerServiceSettings(Settings):
    database: DatabaseSettings
    redis: RedisSettings
    mail: MailSettings
    secrets: SecretSettings
    egress: EgressSettings
    webhooks: WebhookSettings
    worker: WorkerSettings
    hints: HintSettings
    pace: PaceSettings
    health: HealthSettings
    log: LogSettings
    tracing: TracingSettings
    release: ReleaseSettings
    drain: DrainSettings
