"""Two workspaces, random operations: nothing of one is ever visible to the other, by any route that is documented.

Every text that a workspace stores carries its mark. Whatever the other one asks, with ids of its own, of the other or
of nobody, the answer never holds a mark or an id that is not its own; another's id is answered as an unknown one is.
"""

import itertools
import json
import re
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from postroom_api_testing.exchange import Answer
from postroom_api_testing.reference import read_contract
from postroom_api_testing.running import MAIL, RunningApi

EXAMPLES = 12
STEPS = 60
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ROUTES = [
    (method.upper(), path)
    for path, methods in read_contract()["paths"].items()
    for method, operation in methods.items()
    if operation.get("security")
]
ADDRESSED = [(method, path) for method, path in ROUTES if "{" in path]
LISTS = [path for method, path in ROUTES if method == "GET" and "{" not in path]
NUMBERS = itertools.count()


@dataclass
class Side:
    """One workspace: its key, its mark, and the ids that it was told."""

    token: str
    mark: str
    ids: list[str] = field(default_factory=list)
    kept: dict[str, set[str]] = field(default_factory=dict)
    """What it made and did not remove, by the path of its list."""


def bodies(side: Side) -> dict[str, Any]:
    """What makes something new, by the path that makes it."""
    number = next(NUMBERS)
    mark = side.mark
    return {
        "/emails": MAIL | {"subject": mark, "html": f"<p>{mark}</p>", "scheduled_at": "in 1 hour"},
        "/api-keys": {"name": f"{mark} {number}"},
        "/domains": {"name": f"{number}.{mark}.example.org"},
        "/suppressions": {"email": f"{number}@{mark}.example.org"},
        "/webhooks": {"endpoint": f"http://127.0.0.1:9/{mark}", "events": ["email.sent"]},
        "/schedules": {
            "name": mark,
            "cron": "0 9 * * *",
            "timezone": "UTC",
            "email": MAIL | {"subject": mark, "html": f"<p>{mark}</p>"},
        },
        "/templates": {"name": mark, "alias": f"{mark}-{number}", "html": f"<p>{mark}</p>"},
    }


def any_body(side: Side, ids: list[str]) -> dict[str, Any]:
    """Fields of every route's body at once: what a route does not know, it ignores."""
    return {
        "scheduled_at": "in 2 hours",
        "name": side.mark,
        "domain_id": ids[0],
        "id": ids[-1],
        "webhook_id": ids[-1],
        "ids": ids,
        "email": f"any@{side.mark}.example.org",
    }


class TwoWorkspaces(RuleBasedStateMachine):
    api: RunningApi

    def __init__(self) -> None:
        super().__init__()
        self.sides: list[Side] = []
        for name in ("a", "b"):
            mark = f"only-{name}-{uuid4().hex}"
            _, token = self.api.add_workspace(mark)
            [key] = self.api.request("GET", "/api-keys", token=token).json()["data"]
            self.sides.append(Side(token, mark, kept={"/api-keys": {key["id"]}}))
        for which, path in itertools.product((0, 1), bodies(self.sides[0])):
            self.make(which, path)

    @rule(which=st.integers(0, 1), choice=st.integers(0, 1_000))
    def make_something(self, which: int, choice: int) -> None:
        paths = sorted(bodies(self.sides[which]))
        self.make(which, paths[choice % len(paths)])

    def make(self, which: int, path: str) -> None:
        side = self.sides[which]
        answer = self.ask(which, "POST", path, bodies(side)[path])
        assert answer.status in {200, 201}, answer
        side.kept.setdefault(path, set()).add(answer.json()["id"])

    @rule(which=st.integers(0, 1), choice=st.integers(0, 1_000), cursor=st.integers(0, 1_000), other=st.booleans())
    def list_something(self, which: int, choice: int, cursor: int, *, other: bool) -> None:
        ids = self.sides[1 - which if other else which].ids or [str(uuid4())]
        path = LISTS[choice % len(LISTS)]
        self.ask(which, "GET", f"{path}?limit=100&{('after', 'before')[cursor % 2]}={ids[cursor % len(ids)]}")
        self.ask(which, "GET", path)

    @rule(which=st.integers(0, 1), pick=st.integers(0, 1_000))
    def reach_for_all_that_the_other_has(self, which: int, pick: int) -> None:
        other = self.sides[1 - which]
        for method, path in ADDRESSED:
            theirs = sorted(other.kept.get(kind_of(path), ())) or other.ids
            if not theirs:
                continue
            chosen = [theirs[pick % len(theirs)], *(other.ids[-1:])]
            unknown = [str(uuid4()) for _ in chosen]
            body = any_body(self.sides[which], chosen)
            answers = [self.ask(which, method, fill(path, ids), body) for ids in (chosen, unknown)]
            assert answers[0].status in {404, 422}, (method, path, answers[0])
            assert answers[0].status == answers[1].status
            assert answers[0].body == answers[1].body

    @rule(which=st.integers(0, 1), choice=st.integers(0, 1_000), pick=st.integers(0, 1_000))
    def use_something_of_ones_own(self, which: int, choice: int, pick: int) -> None:
        side = self.sides[which]
        method, path = ADDRESSED[choice % len(ADDRESSED)]
        # All but the first: without its key the workspace could say nothing more.
        own = sorted(side.kept.get(kind_of(path), ()))[1:]
        if not own:
            return
        chosen = [own[pick % len(own)], *side.ids[-1:]]
        answer = self.ask(which, method, fill(path, chosen), any_body(side, chosen))
        if method == "DELETE":
            assert answer.status == 200
            side.kept[kind_of(path)].discard(chosen[0])
        if path.endswith("/duplicate"):
            assert answer.status == 200
            side.kept[kind_of(path)].add(answer.json()["id"])

    def ask(self, which: int, method: str, path: str, body: Any = None) -> Answer:
        side, other = self.sides[which], self.sides[1 - which]
        answer = self.api.request(method, path, body, token=side.token)
        assert answer.status < 500, answer
        told = answer.body.decode()
        assert other.mark not in told, (method, path)
        sent = set(UUID.findall(path)) | set(UUID.findall(json.dumps(body)))
        found = set(UUID.findall(told))
        assert not (found & set(other.ids)) - sent, (method, path)
        if answer.status < 300:
            assert not found & set(other.ids), (method, path)
            side.ids.extend(sorted(found - set(side.ids) - set(other.ids)))
        return answer

    def teardown(self) -> None:
        """What each made is all there, and nothing else: the other one changed nothing."""
        for which, side in enumerate(self.sides):
            for path, kept in side.kept.items():
                assert kept == self.all_of(which, path)

    def all_of(self, which: int, path: str) -> set[str]:
        ids: set[str] = set()
        after = ""
        while True:
            page = self.ask(which, "GET", f"{path}?limit=100{after}").json()
            ids |= {item["id"] for item in page["data"]}
            if not page["has_more"]:
                return ids
            after = f"&after={page['data'][-1]['id']}"


def kind_of(path: str) -> str:
    """The list that an addressed thing is in."""
    return path.partition("/{")[0]


def fill(path: str, ids: list[str]) -> str:
    remaining = iter(ids)
    return re.sub(r"\{\w+\}", lambda _: next(remaining), path)


@pytest.mark.timeout(600)
def test_nothing_of_one_workspace_is_visible_to_the_other(shared_api: RunningApi) -> None:
    class Machine(TwoWorkspaces):
        api = shared_api

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_every_addressed_route_is_reached_for() -> None:
    assert len(ADDRESSED) > 6
    assert {"/emails", "/api-keys", "/templates", "/webhooks", "/audit"} <= set(LISTS)
