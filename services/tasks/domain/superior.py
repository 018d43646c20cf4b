"""What is asked of the superior and reported to him: the city's own consent moves no date of his, and a report goes up
when somebody else than its author has approved it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from kernel.actor import Actor
from kernel.errors import Refused
from kernel.policy import STANDING_PC
from kernel.working_time import WorkingDays
from tasks.domain.document import works_on_documents
from tasks.domain.due import due_state, report_class

CLASSES = ("completed_on_time", "completed_late", "in_progress_in_time", "in_progress_overdue")


def permit_on_request(request: Mapping, version: int | None) -> None:
    if version is not None and version != request["version"]:
        raise Refused("stale_version", "It has changed since you read it.", current=request["version"])
    if request["state"] != "awaiting":
        details = {"state": request["state"]}
        if request["answered_at"] is not None:
            details |= {
                "at": request["answered_at"].isoformat(),
                "actor_person_id": request["answered_by_person_id"],
            }
        raise Refused("already_decided", "It was answered already, or nobody asks any more.", **details)


def line(task: Mapping, now: datetime, days: WorkingDays) -> dict:
    """One task against the superior's deadline, in one of the four classes."""
    state = due_state(
        task["superior_due"], task["urgency"], now, days, task["done_at"],
        None if task["done_at"] else task["suspended_at"],
    )  # fmt: skip
    return {"report_class": report_class(state, done=task["done_at"] is not None), "days": state.days}


def counted(classes: Iterable[str]) -> dict[str, int]:
    """The four classes and their sum."""
    found = dict.fromkeys(CLASSES, 0)
    for each in classes:
        found[each] += 1
    return {"total": sum(found.values())} | found


REPORT_VERBS = {  # from which states, and by whom
    "approve_superior_report": (("drafted",), STANDING_PC),
    "return_superior_report": (("drafted", "approved"), STANDING_PC),
    "record_report_sent": (("approved",), None),
}


def permit_on_report(report: Mapping, verb: str, actor: Actor, version: int | None) -> None:
    """Raises the rule that forbids the verb; who may at all is the policy's."""
    if version is not None and version != report["version"]:
        raise Refused("stale_version", "It has changed since you read it.", current=report["version"])
    if report["state"] not in REPORT_VERBS[verb][0]:
        raise Refused("wrong_state", f"{verb} is not possible in state {report['state']}.", state=report["state"])
    if _is_his_own(report, verb, actor):
        raise Refused("own_report", "Nobody approves a report that he himself drafted.")


def allowed_on_report(report: Mapping, actor: Actor) -> list[str]:
    return [
        verb
        for verb, (states, kinds) in REPORT_VERBS.items()
        if report["state"] in states
        and (works_on_documents(actor) if kinds is None else actor.post_kind in kinds)
        and not _is_his_own(report, verb, actor)
    ]  # fmt: skip


def _is_his_own(report: Mapping, verb: str, actor: Actor) -> bool:
    return verb in ("approve_superior_report", "return_superior_report") and (
        report["drafted_by_person_id"] == actor.person_id
    )
