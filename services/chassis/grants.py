"""One service's word, which another one takes: this person may have this thing, for a minute."""

import time

from nameko.extensions import DependencyProvider

from chassis.errors import InvalidToken
from chassis.identity import SKEW

KIND = "congvu-grant"
SECONDS = 60


class Grants(DependencyProvider):
    def get_dependency(self, worker_ctx):
        return self

    def give(self, person_id: str, thing: str) -> str:
        statement = {"to": person_id, "for": thing, "until": int(time.time()) + SECONDS}
        return self.container.signer.seal(KIND, statement)

    def giver(self, word: str, person_id: str, thing: str) -> str:
        """The service that gave it. Raises InvalidToken for what is another's, for something else, or over."""
        said = self.container.verifier.unsealed(KIND, word)
        if (said.get("to"), said.get("for")) != (person_id, thing) or said.get("until", 0) < time.time() - SKEW:
            raise InvalidToken("the grant is not for this, or over")
        return said["signer"]
