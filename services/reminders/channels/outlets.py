"""The channels that are set up, each with what sends over it."""

from reminders.channels.dispatcher import Contacts, Dispatcher
from reminders.channels.mail import Mail
from reminders.channels.provider import Provider
from reminders.channels.push import Push
from reminders.channels.settings import ChannelSettings
from reminders.storage import preferences


class Outlets:
    def __init__(self, settings: ChannelSettings, store, remote):
        self._store = store
        self.push = Push(settings.push, self._forget) if settings.push else None
        self._dispatchers = {}
        made = {
            "push": self.push and (self.push, 0),
            "email": settings.mail and (Mail(settings.mail, settings.public_url), 0),
            "sms": settings.sms and (Provider(settings.sms, settings.public_url), settings.sms.quota),
            "voice": settings.voice and (Provider(settings.voice, settings.public_url), settings.voice.quota),
        }
        contacts = Contacts(remote)
        for name, given in made.items():
            if given:
                channel, quota = given
                self._dispatchers[name] = Dispatcher(store, contacts, name, channel, quota)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._dispatchers)

    def run(self, name: str) -> None:
        if name in self._dispatchers:
            self._dispatchers[name].run()

    def _forget(self, endpoint: str) -> None:
        with self._store.transaction() as tx:
            preferences.remove_dead(tx, [endpoint])
