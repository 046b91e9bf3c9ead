"""Alerts and dashboard name what exists, and say what to do."""

import re
from pathlib import Path

import promql_parser
import pytest

from postroom_monitoring_testing.expressions import find_strangers
from postroom_monitoring_testing.inventory import read_metrics, read_series
from postroom_monitoring_testing.rules import read_alerts, read_expressions, read_panels

ROOT = Path(__file__).parents[3]
EXPRESSIONS = read_expressions(ROOT)
ALERTS = read_alerts(ROOT)
HOW_TO = "docs/how-to/watch-postroom.md"
LINK = re.compile(rf"see {re.escape(HOW_TO)}#([a-z]+)$")
# What an alert or a panel is for beside the metric of the same name.
TOLD_ELSEWHERE = {"postroom_task_interval_seconds"}


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_every_metric_and_label_that_is_named_exists(where: str) -> None:
    assert find_strangers(EXPRESSIONS[where], read_series()) == []


def test_there_are_as_many_expressions_as_were_written() -> None:
    assert len(EXPRESSIONS) == len(ALERTS) + sum(len(panel["targets"]) for panel in read_panels(ROOT))
    assert len(ALERTS) > 15


@pytest.mark.parametrize(
    ("expression", "strangers"),
    [
        ("postroom_nothing > 1", ["postroom_nothing"]),
        ("postroom_emails_sent > 1", ["postroom_emails_sent"]),  # a counter's name without its ending
        ("rate(postroom_request_seconds[5m])", ["postroom_request_seconds"]),  # a histogram's
        ("max(postroom_queue_depth{queue='bulk'})", ["postroom_queue_depth{queue}"]),
        ("sum by (lane) (postroom_webhooks)", ["by (lane)"]),
        ("postroom_webhooks / on (lane) group_left () postroom_webhooks", ["by (lane)"]),
        ("histogram_quantile(0.9, sum by (le) (rate(postroom_gone_bucket[5m])))", ["postroom_gone_bucket"]),
        ("absent(up{job='x'}) or sum by (le, instance) (postroom_request_seconds_bucket{status=~'5..'})", []),
    ],
)
def test_a_planted_name_is_found(expression: str, strangers: list[str]) -> None:
    assert find_strangers(expression, read_series()) == strangers


def test_what_is_no_promql_is_told() -> None:
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        find_strangers("sum(postroom_webhooks", read_series())


@pytest.mark.parametrize("metric", [one.name for one in read_metrics()])
def test_every_metric_is_on_the_dashboard(metric: str) -> None:
    series = next(one.series for one in read_metrics() if one.name == metric)
    named = " ".join(target["expr"] for panel in read_panels(ROOT) for target in panel["targets"])
    assert metric in TOLD_ELSEWHERE or any(re.search(rf"\b{name}\b", named) for name in series)


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_an_alert_says_how_bad_it_is_what_it_is_and_what_to_do(rule: dict[str, object]) -> None:
    assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"[1-9][0-9]*[mh]", str(rule["for"]))
    assert isinstance(rule["labels"], dict)
    assert isinstance(rule["annotations"], dict)
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert set(rule["annotations"]) == {"summary", "description"}
    link = LINK.search(str(rule["annotations"]["description"]))
    assert link is not None
    assert link[1] == str(rule["alert"]).lower()


def test_a_late_task_is_told_though_its_process_restarts_and_not_beside_what_it_waits_for() -> None:
    """As `promtool test rules` has it of a scheduler that restarts every two minutes, and of a Redis that is away."""
    [expression] = [str(rule["expr"]) for rule in ALERTS if rule["alert"] == "PostroomTaskLate"]
    late = promql_parser.parse(expression)
    assert isinstance(late, promql_parser.BinaryExpr)
    assert str(late.op) == "unless"
    assert late.rhs.prettify() == "(min(postroom_backing_service_up) == 0)"  # whichever: that is an alert by itself
    # Whatever is asked of one moment is not there while a process starts, and an alert that misses it begins anew.
    asked = re.findall(r"postroom_task_\w+(\[\w+\])?", expression)
    assert asked == ["[1d]", "[5m]"]


def test_each_alert_has_a_heading_of_its_own_in_the_how_to_and_each_heading_an_alert() -> None:
    page = (ROOT / HOW_TO).read_text(encoding="utf-8")
    assert re.findall(r"^### (Postroom\w+)$", page, re.MULTILINE) == [rule["alert"] for rule in ALERTS]


def test_panels_have_titles_of_their_own_and_none_lies_on_another() -> None:
    panels = read_panels(ROOT)
    assert len({panel["title"] for panel in panels}) == len(panels) == len({panel["id"] for panel in panels})
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        grid = panel["gridPos"]
        cells = {(grid["x"] + x, grid["y"] + y) for x in range(grid["w"]) for y in range(grid["h"])}
        assert not cells & taken, panel["title"]
        assert grid["x"] + grid["w"] <= 24
        taken |= cells
