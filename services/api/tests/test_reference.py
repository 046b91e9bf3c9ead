"""The pages about the API are what the api generates, and nothing in them is claimed without a test."""

from pathlib import Path

import pytest

from postroom_api_testing.compatibility import find_proofs, find_supported, plain
from postroom_api_testing.reference import main, read_contract, render_all
from postroom_api_testing.resend_endpoints import GROUPS

ROOT = Path(__file__).parents[3]
LISTED = [endpoint for group in GROUPS for endpoint in group.endpoints]
PAGES = ("docs/reference/openapi.json", "docs/reference/errors.md", "docs/reference/compatibility.md")


@pytest.mark.parametrize("page", PAGES)
def test_the_checked_in_page_is_what_is_generated(page: str) -> None:
    assert (ROOT / page).read_text(encoding="utf-8") == render_all(ROOT)[page], "run: make docs"


def test_every_supported_endpoint_is_driven_through_the_sdk() -> None:
    supported = find_supported(read_contract())
    assert {endpoint for endpoint in LISTED if plain(endpoint) in supported} == set(find_proofs(ROOT))


def test_resends_endpoints_are_listed_once() -> None:
    assert len({plain(endpoint) for endpoint in LISTED}) == len(LISTED) == 28 + 55 + 6


def test_main_writes_them(tmp_path: Path) -> None:
    for page in PAGES:
        (tmp_path / page).parent.mkdir(parents=True, exist_ok=True)
    tests = tmp_path / "services/api/tests"
    tests.mkdir(parents=True)
    for file in (ROOT / "services/api/tests").glob("test_sdk_*.py"):
        (tests / file.name).write_text(file.read_text())
    main(tmp_path)
    for page in PAGES:
        assert (tmp_path / page).read_text(encoding="utf-8") == (ROOT / page).read_text(encoding="utf-8")
