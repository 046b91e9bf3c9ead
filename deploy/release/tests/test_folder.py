from pathlib import Path

import pytest

from postroom_release.errors import EX_NOINPUT, EX_TEMPFAIL, EX_USAGE, Refused
from postroom_release.folder import DeployFolder, find_folder


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"DEPLOY": "/srv/shop"}, "/srv/shop"),
        ({"XDG_DATA_HOME": "/data"}, "/data/postroom/deploys/main"),
        ({}, str(Path.home() / ".local/share/postroom/deploys/main")),
    ],
)
def test_where_a_deploy_is(environ: dict[str, str], path: str) -> None:
    assert find_folder(environ).path == Path(path)


def test_its_last_part_names_the_containers() -> None:
    assert DeployFolder(Path("/srv/shop-2")).project == "postroom-shop-2"


@pytest.mark.parametrize("name", ["Shop", "a b", "-a", "a.b", "a" * 42])
def test_a_name_that_compose_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="the last part names the deploy") as refused:
        DeployFolder(Path("/srv", name))
    assert refused.value.exit_code == EX_USAGE


def test_where_no_deploy_is_it_is_told_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no deploy is there; `make new-deploy` makes one") as refused:
        DeployFolder(tmp_path / "shop").ensure_there()
    assert refused.value.exit_code == EX_NOINPUT


def test_two_do_not_change_what_runs_at_once(deploy: DeployFolder) -> None:
    with deploy.held(), pytest.raises(Refused, match="another command") as refused, deploy.held():
        pass
    assert refused.value.exit_code == EX_TEMPFAIL

    with deploy.held():
        pass
