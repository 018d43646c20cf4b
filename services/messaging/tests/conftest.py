"""messaging in its container, with a store of its own."""

import pytest

from chassis.blobs.settings import Place
from messaging.service import Service
from messaging.settings import MessagingSettings
from messaging.tests.talk import case, talk  # noqa: F401
from tests.support.town import town  # noqa: F401


@pytest.fixture
def start(world, run, tmp_path):
    """Starts the service with other settings: `start(scanner="tcp://...")`; `start.container` is the last one."""

    def starting(**changes):
        common = vars(world.settings("messaging", blobs=Place(folder=str(tmp_path))))
        starting.container = run(Service, settings=MessagingSettings(**common, **changes))

    return starting


@pytest.fixture
def here(town, start):  # noqa: F811
    found = town("messaging")
    start()
    return found
