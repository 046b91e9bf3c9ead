"""Every command of the admin, and how it is used: what is typed, what it wants to find, and how it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from postroom_admin_testing.scene import Scene
from postroom_database.repositories import quotas
from postroom_domain.provider_messages import MessageResult
from postroom_domain.quotas import Quota

OF_ACME = ("--workspace", "acme")
ADDRESS = "gone@example.com"
NOBODY = str(UUID(int=7))
"""An id that nothing has."""

Given = Callable[[Scene], str | None]
"""Makes what a command wants to find; what it is called."""


def _nothing(_: Scene) -> None:
    return None


def _suspended(scene: Scene) -> None:
    scene.run("workspace", "suspend", "acme", "--reason", "why")


def _suppressed(scene: Scene) -> str:
    scene.run("suppression", "add", *OF_ACME, ADDRESS)
    return ADDRESS


def _told(scene: Scene) -> None:
    with scene.database.begin() as connection:
        quotas.write(connection, Quota(14.0, 50_000.0, 1.0, sending_enabled=True))


def _mailed(scene: Scene) -> None:
    scene.email()


@dataclass(frozen=True, kw_only=True)
class Use:
    """How a command is used so that it does what it is for.

    Attributes:
        typed: after its words.
        given: makes what it wants to find; what that is called is typed last.
        absent: is typed last for something that is not there; None: it wants nothing.
        wrong: makes something that it cannot be done to, as that stands.
        looks: it changes nothing.
        asks: it cannot be undone, so it asks, unless --yes is typed.
        notes: what the audit has of it.
        again: the exit code of a second time, which changes nothing more.
        repeats: what is done once more by a second time: a key is another key.
    """

    typed: tuple[str, ...] = ()
    given: Given = _nothing
    absent: str | None = None
    wrong: Given | None = None
    looks: bool = False
    asks: bool = False
    notes: str | None = None
    again: int = 0
    repeats: bool = False

    def words(self, scene: Scene) -> tuple[str, ...]:
        """What is typed after the command's own words, once all that it wants is there."""
        return self.naming(self.given(scene))

    def naming(self, name: str | None) -> tuple[str, ...]:
        return (*self.typed, *(("--yes",) if self.asks else ()), *(() if name is None else (name,)))


USES: dict[str, Use] = {
    "migrate": Use(),
    "migrate up": Use(),
    "migrate status": Use(looks=True),
    "workspace create": Use(typed=("other",), notes="workspace.created"),
    "workspace list": Use(looks=True),
    "workspace suspend": Use(typed=("acme", "--reason", "why"), notes="workspace.suspended"),
    "workspace resume": Use(typed=("acme",), given=_suspended, notes="workspace.resumed"),
    "key create": Use(typed=OF_ACME, notes="key.created", repeats=True),
    "key list": Use(typed=OF_ACME, looks=True),
    "key revoke": Use(typed=OF_ACME, given=Scene.key, absent=NOBODY, asks=True, notes="key.revoked"),
    "domain list": Use(typed=OF_ACME, looks=True),
    "domain show": Use(given=Scene.domain, absent="absent.example.com", looks=True),
    "domain declare": Use(given=Scene.domain, absent="absent.example.com", notes="domain.declared"),
    "domain undeclare": Use(given=Scene.declared, absent="absent.example.com", notes="domain.undeclared"),
    "webhook list": Use(typed=OF_ACME, looks=True),
    "webhook show": Use(given=Scene.webhook, absent=NOBODY, looks=True),
    "webhook enable": Use(given=lambda scene: scene.webhook(status="disabled"), absent=NOBODY, notes="webhook.enabled"),
    "webhook disable": Use(typed=("--reason", "why"), given=Scene.webhook, absent=NOBODY, notes="webhook.disabled"),
    "schedule list": Use(typed=OF_ACME, looks=True),
    "schedule show": Use(given=Scene.schedule, absent=NOBODY, looks=True),
    "schedule pause": Use(
        given=Scene.schedule,
        absent=NOBODY,
        wrong=lambda scene: scene.schedule(status="ended"),
        notes="schedule.paused",
    ),
    "schedule resume": Use(
        given=lambda scene: scene.schedule(status="paused"),
        absent=NOBODY,
        wrong=lambda scene: scene.schedule(status="ended"),
        notes="schedule.resumed",
    ),
    "email list": Use(typed=OF_ACME, given=_mailed, looks=True),
    "email show": Use(given=Scene.email, absent=NOBODY, looks=True),
    "email retry": Use(
        given=lambda scene: scene.email(state="failed"),
        absent=NOBODY,
        wrong=lambda scene: scene.email(state="sent"),
        notes="email.retried",
    ),
    "email cancel": Use(
        given=Scene.email,
        absent=NOBODY,
        wrong=lambda scene: scene.email(state="sent"),
        asks=True,
        notes="email.canceled",
        again=1,
    ),
    "dead list": Use(looks=True),
    "dead show": Use(given=Scene.held, absent=NOBODY, looks=True),
    "dead retry": Use(given=Scene.held, absent=NOBODY, wrong=Scene.email, notes="email.retried", again=1),
    "dead discard": Use(
        given=Scene.held, absent=NOBODY, wrong=Scene.email, asks=True, notes="email.discarded", again=1
    ),
    "events list": Use(looks=True),
    "events retry": Use(
        given=Scene.event, absent=NOBODY, wrong=lambda scene: scene.event(MessageResult.ACCOUNTED), again=1
    ),
    "queue stats": Use(looks=True),
    "queue rebuild": Use(given=_mailed, repeats=True),
    "quota": Use(given=_told, looks=True),
    "suppression list": Use(typed=OF_ACME, looks=True),
    "suppression add": Use(typed=(*OF_ACME, ADDRESS), notes="suppression.added"),
    "suppression remove": Use(
        typed=OF_ACME,
        given=_suppressed,
        absent="absent@example.com",
        notes="suppression.removed",
        again=1,
    ),
    "retention run": Use(asks=True),
    "erase": Use(typed=("--address", "to@example.com"), given=_mailed, asks=True),
    "backup verify": Use(looks=True),
    "fence": Use(given=_mailed, notes="email.held"),
    "audit list": Use(looks=True),
    "doctor": Use(looks=True),
    "config check": Use(looks=True),
    "config show": Use(looks=True),
    "config explain": Use(typed=("POSTROOM_PORT",), looks=True),
    "embedded": Use(),
}
APART = {"events redrive": "works on a queue of AWS, which its own tests have"}
"""Commands that no database alone can be given to, and why."""
