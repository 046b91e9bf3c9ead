import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from postroom_api_testing.exchange import Answer
from postroom_api_testing.refusals import expect_refusal, rows
from postroom_api_testing.running import MAIL, RunningApi

OTHER = MAIL | {"subject": "Other"}


def send(api: RunningApi, key: str, body: Any = MAIL, **options: Any) -> Answer:
    return api.send(body, headers={"idempotency-key": key}, **options)


def send_batch(api: RunningApi, key: str, body: Any, mode: str = "strict") -> Answer:
    headers = {"idempotency-key": key, "x-batch-validation": mode}
    return api.request("POST", "/emails/batch", body, headers=headers)


def test_the_same_request_again_answers_the_same(api: RunningApi) -> None:
    first = send(api, "k")
    assert [send(api, "k").body for _ in range(3)] == [first.body] * 3
    assert rows(api) == (1, 1)
    assert send(api, "k2").json()["id"] != first.json()["id"]


def test_another_body_is_a_conflict(api: RunningApi) -> None:
    first = send(api, "k")
    expect_refusal(send(api, "k", OTHER), 409, "invalid_idempotent_request")
    # What JSON calls the same is not what was sent: the bytes count.
    expect_refusal(send(api, "k", json.dumps(MAIL, indent=1).encode()), 409, "invalid_idempotent_request")
    assert send(api, "k").body == first.body
    assert rows(api) == (1, 1)


def test_a_key_holds_for_one_workspace_and_one_endpoint(api: RunningApi) -> None:
    _, theirs = api.add_workspace("two")
    ids = {
        send(api, "k").json()["id"],
        send(api, "k", OTHER, token=theirs).json()["id"],
        send_batch(api, "k", [OTHER]).json()["data"][0]["id"],
    }
    assert len(ids) == 3
    assert rows(api) == (3, 3)


def test_keys_are_told_apart_by_every_character(api: RunningApi) -> None:
    keys = ["k", "K", "k.", "\xe9", "e", "k" * 256]
    assert len({send(api, key).json()["id"] for key in keys}) == len(keys)
    assert len({send(api, key).json()["id"] for key in keys}) == len(keys)
    assert rows(api) == (len(keys), len(keys))


def test_a_batch_is_repeated_as_a_whole(api: RunningApi) -> None:
    batch = [MAIL | {"subject": f"n{n}"} for n in range(3)]
    first = send_batch(api, "b", batch)
    assert send_batch(api, "b", batch).body == first.body
    expect_refusal(send_batch(api, "b", batch[:2]), 409, "invalid_idempotent_request")
    assert rows(api) == (3, 1)


def test_a_batch_in_the_other_mode_is_not_sent_again(api: RunningApi) -> None:
    assert send_batch(api, "b", [MAIL, MAIL]).status == 200
    expect_refusal(send_batch(api, "b", [MAIL, MAIL], "permissive"), 409, "invalid_idempotent_request")
    assert rows(api) == (2, 1)


def test_a_permissive_batch_is_repeated_with_its_errors(api: RunningApi) -> None:
    batch = [MAIL, MAIL | {"to": "nobody"}]
    first = send_batch(api, "b", batch, "permissive")
    assert [error["index"] for error in first.json()["errors"]] == [1]
    assert send_batch(api, "b", batch, "permissive").body == first.body
    assert rows(api) == (1, 1)


def test_a_refused_request_does_not_use_up_its_key(api: RunningApi) -> None:
    assert send(api, "k", MAIL | {"to": "nobody"}).status == 422
    assert send_batch(api, "b", [MAIL, MAIL | {"to": "nobody"}]).status == 422
    assert rows(api) == (0, 0)
    assert send(api, "k").status == 200
    assert send_batch(api, "b", [MAIL]).status == 200


def test_the_same_request_many_times_at_once_is_one_email(api: RunningApi) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: send(api, "k"), range(48)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert rows(api) == (1, 1)


@pytest.mark.parametrize("bodies", ["same", "different"])
def test_two_processes_meet_the_same_keys_in_opposite_order(mariadb_url: str, redis_url: str, bodies: str) -> None:
    keys = [f"k{n}" for n in range(64)]
    with RunningApi(mariadb_url, redis_url) as one, RunningApi(mariadb_url, redis_url, workspace="two") as two:
        begin = threading.Barrier(32)

        def run(api: RunningApi, body: Any, some: list[str]) -> list[Answer]:
            begin.wait(10)
            return [send(api, key, body, token=one.token) for key in some]

        with ThreadPoolExecutor(32) as pool:
            running = [
                pool.submit(run, api, body, keys[at::16][::step])
                for api, body, step in ((one, MAIL, 1), (two, MAIL if bodies == "same" else OTHER, -1))
                for at in range(16)
            ]
            by_key: dict[str, list[Answer]] = {}
            for at, future in enumerate(running):
                some = keys[at % 16 :: 16][:: 1 if at < 16 else -1]
                for key, answer in zip(some, future.result(), strict=True):
                    by_key.setdefault(key, []).append(answer)
        assert rows(one) == (64, 64)
    assert set(by_key) == set(keys)
    for answers in by_key.values():
        if bodies == "same":
            assert [answer.status for answer in answers] == [200, 200]
            assert len({answer.body for answer in answers}) == 1
        else:
            assert sorted(answer.status for answer in answers) == [200, 409]
