"""What the writes have in common: the key that makes a repetition harmless, the version that was read."""

from chassis.contract import Procedure, schema
from chassis.idempotency import answer_once
from kernel.actor import Actor
from kernel.errors import Refused


def once(tx, actor: Actor, procedure: Procedure, request: dict, what: object, produce) -> dict:
    """One answer per key, for the person, the post in which he acts and what he asks for."""
    return answer_once(
        tx, who=actor.person_id, key=request["idempotency_key"], request=[procedure.full_name, actor.post_id, what],
        produce=lambda: schema(procedure.reply).dump(produce()),
    )  # fmt: skip


def same_version(current: int, wanted: int | None) -> None:
    if wanted is not None and wanted != current:
        raise Refused("stale_version", "It has changed since you read it.", current=current)
