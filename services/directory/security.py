"""What the directory's use cases must know to check accounts: the seal, and whom policy asks for a second factor."""

from dataclasses import dataclass
from functools import cached_property

from nameko.extensions import DependencyProvider

from chassis.sealing import Sealer


@dataclass(frozen=True)
class Security:
    sealer: Sealer
    totp_required_for: frozenset[str]


class SecurityProvider(DependencyProvider):
    """Gives the directory its Security. Without keys the process does not start."""

    def setup(self):
        self.security  # noqa: B018

    @cached_property
    def security(self) -> Security:
        settings = self.container.settings
        return Security(Sealer(settings.sealing_keys), settings.totp_required_for)

    def get_dependency(self, worker_ctx):
        return self.security
