from postroom_config.brake import BrakeSettings
from postroom_config.database import DatabaseSettings
from postroom_config.drain import DrainSettings
from postroom_config.health import HealthSettings
from postroom_config.hints import HintSettings
from postroom_config.log import LogSettings
from postroom_config.outcomes import OutcomeSettings
from postroom_config.redis import RedisSettings
from postroom_config.release import ReleaseSettings
from postroom_config.retention import RetentionSettings
from postroom_config.scheduler import SchedulerSettings
from postroom_config.senders import SenderSettings
from postroom_config.settings import Settings
from postroom_config.tracing import TracingSettings


class SchedulerServiceSettings(Settings):
    database: DatabaseSettings
    redis: RedisSettings
    hints: HintSettings
    outcomes: OutcomeSettings
    senders: SenderSettings
    scheduler: SchedulerSettings
    brake: BrakeSettings
    retention: RetentionSettings
    health: HealthSettings
    log: LogSettings
    tracing: TracingSettings
    release: ReleaseSettings
    drain: DrainSettings
