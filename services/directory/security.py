"""What the directory's use cases must know to check accounts: the seal, and whom policy asks for a second factor."""

from dataclasses import dataclass

from chassis.sealing import Sealer


@dataclass(frozen=True)
class Security:
    sealer: Sealer
    totp_required_for: frozenset[str]
