"""The first step of every procedure that a person calls: who is he now, and may his post ask for this at all."""

from datetime import datetime

from chassis import context
from chassis.contract import Procedure
from kernel import policy
from kernel.actor import Actor
from kernel.directory_copy import resolve_actor


def actor_for(tx, procedure: Procedure, claims: dict, now: datetime) -> Actor:
    """The actor, if the policy lists the procedure for the capacity in which he acts.

    What he does in another's name is written into the audit log.
    """
    actor = resolve_actor(tx, claims, now, procedure.full_name)
    context.acts(post_id=actor.post_id, acting_for=actor.acting_for)
    policy.require_somewhere(procedure.full_name, actor)
    if actor.acting_for:
        tx.audit_what_is_emitted(procedure.full_name)
    return actor
