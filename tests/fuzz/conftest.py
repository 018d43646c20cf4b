import dataclasses

import pytest

from tests.fuzz.scene import Scene
from tests.support.platform import platform  # noqa: F401


@pytest.fixture(scope="session")
def scene(platform) -> dict:  # noqa: F811
    """As a file can hold it: another process fuzzes."""
    scene = Scene.prepared(platform.base_url, platform.addresses)
    return dataclasses.asdict(scene) | {"ids": scene.ids()}
