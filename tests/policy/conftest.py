import pytest

from tests.policy.scene import Scene
from tests.support.platform import platform  # noqa: F401


@pytest.fixture(scope="session")
def scene(platform) -> Scene:  # noqa: F811
    return Scene.prepared(platform)
