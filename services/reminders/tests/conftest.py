import pytest

from chassis.rpc import Remote
from reminders.channels.dispatcher import Contacts, Dispatcher
from reminders.service import Service
from reminders.tests.support import MORNING, Directory
from tests.support.hearing import hearing
from tests.support.site import Certificates
from tests.support.town import town  # noqa: F401


class Asking:
    name = "reminders"
    remote = Remote()


@pytest.fixture
def here(town):  # noqa: F811
    """reminders, with a town in its copy of the directory."""
    return town("reminders")


@pytest.fixture
def hear(here):
    """`hear("task_issued", data)`, as its inbox would."""
    return hearing(Service, here.store)


@pytest.fixture
def people(monkeypatch) -> dict:
    """How somebody is reached: `people[person_id] = {"email": ..., "mobile": ...}`; None: his account is revoked."""
    monkeypatch.setattr(Directory, "known", {})
    monkeypatch.setattr(Directory, "asked", [])
    return Directory.known


@pytest.fixture
def directory(people, run):
    """The container of the neighbour, which may be stopped."""
    return run(Directory)


@pytest.fixture
def contacts(directory, run) -> Contacts:
    [remote] = [each for each in run(Asking).dependencies if isinstance(each, Remote)]
    return Contacts(remote.bound())


@pytest.fixture
def dispatch(contacts):
    """Sends what is due: `dispatch(here, "email", channel)`; at another time: `now=`."""

    def run(here, name: str, channel, now=MORNING, store=None, quota: int = 0) -> None:
        Dispatcher(store or here.store, contacts, name, channel, quota, now=lambda: now).run()

    return run


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Certificates:
    return Certificates.made(tmp_path_factory.mktemp("certificates"))
