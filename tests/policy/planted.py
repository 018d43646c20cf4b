"""`python -m tests.policy.planted <service>`: a service with one check taken out, named by CONGVU_PLANTED_FAULT.

Only `make policy-selftest` and its tests start it: the matrix must find each.
"""

import os
import sys

from chassis import launch  # first: it patches the standard library

# isort: split
from kernel import policy


def anybody_orders() -> None:
    policy.RULES["tasks.assign"] = policy.EVERYBODY


def a_lent_post_reaches_everything() -> None:
    policy.covers = lambda scope, action: True


def anybody_reads_the_audit_log() -> None:
    for action in policy.RULES:
        if action.endswith(".list_audit"):
            policy.RULES[action] = policy.EVERYBODY


def every_order_exists_for_everybody() -> None:
    from tasks import views
    from tasks.domain.sight import Sight

    views.sight_of = lambda *_: Sight.WHOLE


def anybody_takes_part() -> None:
    from messaging.storage import conversations as storage

    find = storage.find_conversation

    def as_all_who_do(tx, person_id, _own, conversation_id):
        everybody = [id_ for ids in storage.addressees_of(tx, conversation_id) for id_ in ids]
        return find(tx, person_id, everybody, conversation_id)

    storage.find_conversation = as_all_who_do


def anybody_changes_the_organisation() -> None:
    for action in ("reorganise", "make_post", "close_post", "appoint", "end_membership"):
        policy.RULES[f"directory.{action}"] = policy.EVERYBODY


FAULTS = {
    fault.__name__: fault
    for fault in (
        anybody_orders,
        a_lent_post_reaches_everything,
        anybody_reads_the_audit_log,
        every_order_exists_for_everybody,
        anybody_takes_part,
        anybody_changes_the_organisation,
    )
}
ONLY_IN = {"every_order_exists_for_everybody": "tasks", "anybody_takes_part": "messaging"}

if __name__ == "__main__":
    chosen, service = os.environ["CONGVU_PLANTED_FAULT"], sys.argv[1]
    if ONLY_IN.get(chosen, service) == service:
        FAULTS[chosen]()
    sys.exit(launch.main(service))
