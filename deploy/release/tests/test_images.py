from pathlib import Path

from postroom_release.releasing import PUBLIC_IMAGES


def test_what_stands_in_for_public_images_stands_in_for_those_of_a_deploy() -> None:
    told = Path("build-support/on_debian").read_text()
    for variable, image in PUBLIC_IMAGES.items():
        assert f'"{variable} ' in told
        assert f' {image}"' in told
