"""Postroom on this machine: makes ready what it needs, then keeps api, worker and scheduler running."""

import argparse
import os
import sys
import time

from postroom_embedded import variables
from postroom_embedded.address import ensure_free
from postroom_embedded.data_folder import held
from postroom_embedded.errors import EX_CONFIG, Refused, Stopped
from postroom_embedded.preparation import Preparation
from postroom_embedded.process import finish, start
from postroom_embedded.readiness import Questions
from postroom_embedded.redis import PrivateRedis
from postroom_embedded.saying import complain, say
from postroom_embedded.services import Services, choose_health_ports, readiness_places
from postroom_embedded.setting import Setting, read_setting
from postroom_embedded.signals import Signals
from postroom_embedded.supervisor import Supervisor, describe_end

_HELP = """\
Starts Postroom on this machine: api, worker and scheduler as three processes, with SQLite, a private Redis
and a captured inbox. Needs Python 3.11 and pip. Ctrl-C stops it; the next start finds its data again.

What is set outside wins. Most asked for:
  PORT                   where the api listens (8000)
  POSTROOM_DATA_DIR      where everything is kept (.postroom in the checkout); remove it to begin anew
  POSTROOM_MAIL_URL      smtp://... or ses://... to deliver instead of capturing
  POSTROOM_DATABASE_URL  another database than SQLite
  POSTROOM_REDIS_URL     another Redis than one of its own
  POSTROOM_HEALTH_PORT   health of the worker; the scheduler takes the next port (default: any that are free)
docs/reference/configuration.md has all of them.
"""
_NOT_INBOX = """\
This delivers mail for real: the development key is not valid. Make a key with
  deploy/embedded/admin workspace create NAME
  deploy/embedded/admin key create --workspace NAME"""
_DEVELOPMENT_KEY = "re_dev_postroom"
_DRAIN_SECONDS = 25.0
"""What the services take for POSTROOM_DRAIN_SECONDS where it is not set."""
_AFTER_DRAIN_SECONDS = 5.0
_REDIS_PATIENCE_SECONDS = 5.0
_ASK_SECONDS = 0.05
_ASK_LATER_SECONDS = 1.0
_TELL_SECONDS = 10.0


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="run", usage="%(prog)s [--help]", description=_HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    signals = Signals()
    try:
        setting = read_setting(os.environ)
        with held(setting.folder):
            _run(setting, signals)
    except Stopped:
        say("stopped before it was ready")
    except Refused as refused:
        complain(str(refused))
        sys.exit(refused.exit_code)


def _run(setting: Setting, signals: Signals) -> None:
    ensure_free(setting.address)
    setting.installation.ensure(setting.environ, signals)
    redis = PrivateRedis(setting.folder, setting.installation.packages) if setting.needs_redis else None
    redis_keeper = Supervisor([redis.program()] if redis else [])
    try:
        redis_keeper.tend()
        services = setting.services(redis_url=redis.url if redis else None)
        _prepare_database(setting.preparation, services, signals)
        _keep(setting, services, redis_keeper, signals)
    finally:
        redis_keeper.stop(signals, patience_seconds=_REDIS_PATIENCE_SECONDS)
        if redis:
            redis.close()
    say("stopped")


def _prepare_database(preparation: Preparation | None, services: Services, signals: Signals) -> None:
    if preparation and preparation.is_done():
        return
    code = finish(start([*services.command("postroom_admin.main"), "embedded"], services.env), signals)
    if code != 0:
        raise Refused(
            f"the database could not be made ready: postroom_admin ended {describe_end(code)}, see above",
            exit_code=EX_CONFIG if code == EX_CONFIG else 1,
        )
    if preparation:
        preparation.note_done()


def _keep(setting: Setting, services: Services, redis_keeper: Supervisor, signals: Signals) -> None:
    health_ports = choose_health_ports(setting.environ)
    health_host = variables.read(setting.environ, variables.HEALTH_HOST) or variables.LOOPBACK
    questions = Questions(readiness_places(setting.address, health_ports, health_host=health_host, inbox=setting.inbox))
    keeper = Supervisor(services.programs(health_ports))
    try:
        _await_readiness(questions, keeper, redis_keeper, signals)
        _announce(setting)
        while not signals.stop_asked:
            signals.wait(min(keeper.tend(), redis_keeper.tend()))
        say("stopping: api, worker and scheduler finish what they have begun (Ctrl-C again: at once)")
    finally:
        keeper.stop(signals, patience_seconds=_drain_seconds(setting) + _AFTER_DRAIN_SECONDS)


def _await_readiness(questions: Questions, keeper: Supervisor, redis_keeper: Supervisor, signals: Signals) -> None:
    tell_at = time.monotonic() + _TELL_SECONDS
    ask_seconds = _ASK_SECONDS
    while not signals.stop_asked:
        wait_seconds = min(keeper.tend(), redis_keeper.tend(), ask_seconds)
        unready = questions.ask()
        if not unready:
            return
        if time.monotonic() > tell_at:
            say(f"still waiting for {', '.join(unready)}")
            tell_at = time.monotonic() + _TELL_SECONDS
            ask_seconds = _ASK_LATER_SECONDS
        signals.wait(wait_seconds)
    raise Stopped


def _announce(setting: Setting) -> None:
    url = setting.address.url
    if setting.inbox:
        say(f"ready {url} key {_DEVELOPMENT_KEY} inbox {url}/inbox")
    else:
        say(f"ready {url}")
        say(_NOT_INBOX)


def _drain_seconds(setting: Setting) -> float:
    try:
        return float(variables.read(setting.environ, variables.DRAIN) or _DRAIN_SECONDS)
    except ValueError:  # the services refuse it, and say so
        return _DRAIN_SECONDS


if __name__ == "__main__":
    main()
