"""Documents: who enters and receives them, when they are settled, and which status goes out for them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kernel.actor import Actor
from kernel.errors import Refused
from kernel.working_time import WorkingDays, end_of_day, today
from tasks.domain.extension import FROM_ABOVE
from tasks.domain.progress import next_report
from tasks.domain.sight import CITY_OFFICE, oversees

ARRIVED, REFUSED, RECEIVED, ASSIGNED, IN_PROGRESS, COMPLETED = "01", "02", "03", "04", "05", "06"
RECALL_ASKED, RECALL_AGREED, RECALL_REFUSED = "13", "15", "16"
ONWARDS = (ARRIVED, REFUSED, RECEIVED, ASSIGNED, IN_PROGRESS, COMPLETED)
PERIODS = ("weekly", "monthly")  # the more frequent first


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the clauses of a document, and the orders given because of them, are."""

    total: int
    assigned: int
    without_task: int
    orders: int
    open_orders: int
    begun: bool

    @property
    def settled(self) -> bool:
        """Every clause is an order, or somebody said why it needs none: nothing else closes the entry."""
        return self.assigned + self.without_task >= self.total


def status(state: str, standing: Standing) -> str:
    """The status by itself, whatever was told before."""
    if state != "received":
        return {"arrived": ARRIVED, "refused": REFUSED}.get(state, RECEIVED)
    if standing.settled and not standing.open_orders:
        return COMPLETED
    if standing.begun:
        return IN_PROGRESS
    return ASSIGNED if standing.orders else RECEIVED


def onwards(reached: str, now: str) -> str:
    """What is told to the document axis never goes back, and what was refused stays refused."""
    return reached if reached == REFUSED else max(reached, now, key=ONWARDS.index)


def told(document: Mapping, now: str) -> dict:
    """`reached` and `code` after this status; while the sender waits for an answer to his recall nothing is told."""
    reached = onwards(document["reached"], now)
    if document["recall"] == "asked":
        return {"reached": document["reached"], "code": RECALL_ASKED}
    if document["recall"] == "agreed":
        return {"reached": document["reached"], "code": RECALL_AGREED}
    if document["recall"] == "refused" and document["code"] == RECALL_ASKED:
        return {"reached": document["reached"], "code": RECALL_REFUSED}
    if reached != document["reached"]:
        return {"reached": reached, "code": reached}
    return {"reached": reached, "code": document["code"]}


def works_on_documents(actor: Actor) -> bool:
    return actor.unit_kind == "office" and actor.post_kind in CITY_OFFICE


def sees_documents(actor: Actor) -> bool:
    """The city's leaders and their Office, and who prepares orders for them. A unit sees its clause on its order."""
    return oversees(actor) or (actor.unit_kind in ("committee", "office") and actor.post_kind in SEE_TOO)


SEE_TOO = frozenset({"standing_member", "secretary"})
VERBS = {  # from which states the Office may
    "receive_document": ("arrived",),
    "refuse_document": ("arrived",),
    "declare_no_task": ("received",),
    "answer_recall": ("arrived", "received"),
    "issue_from_document": ("received",),
    "draft_from_document": ("received",),
}


def permit(document: Mapping, verb: str, version: int | None) -> None:
    """Raises the rule that forbids the verb; who may at all is the policy's."""
    if version is not None and version != document["version"]:
        raise Refused("stale_version", "It has changed since you read it.", current=document["version"])
    if not _possible(document, verb):
        state = "recall_asked" if document["recall"] == "asked" else document["state"]
        raise Refused("wrong_state", f"{verb} is not possible in state {state}.", state=state)


def _possible(document: Mapping, verb: str) -> bool:
    return document["state"] in VERBS[verb] and (document["recall"] == "asked") == (verb == "answer_recall")


def allowed(document: Mapping, verbs: Iterable[str]) -> list[str]:
    return [verb for verb in verbs if _possible(document, verb)]


def no_secret(secrecy: str) -> None:
    if secrecy != "none":
        raise Refused("state_secret", "State secrets do not belong here.", field="secrecy")


def entered(document: Mapping, now: datetime) -> date:
    """The day on which it was received: not before it was issued, and not in the future."""
    received = document["received_on"] or today(now)
    for name, day in (("issued_on", document["issued_on"]), ("received_on", received)):
        if day > today(now):
            raise Refused("day_in_future", "This day is still to come.", field=name)
    if received < document["issued_on"]:
        raise Refused("dates_in_wrong_order", "It was received before it was issued.", field="received_on")
    return received


def clauses_named(wanted: Sequence[int], there: Mapping[int, Mapping], where: str) -> list[Mapping]:
    for place, number in enumerate(wanted):
        if number not in there:
            raise Refused("unknown_clause", "The document has no such clause.", field=f"{where}.{place}")
    return [there[number] for number in sorted(set(wanted))]


def due_of(
    clauses: Iterable[Mapping], source: str, days: WorkingDays
) -> tuple[date | None, datetime | None]:  # fmt: skip
    """The deadline of what these clauses ask for, the earliest of them; and as the superior's, if it is one's."""
    due = min((each["due_on"] for each in clauses if each["due_on"] is not None), default=None)
    if due is None:
        return None, None
    return due, end_of_day(days.on_or_before(due)) if source in FROM_ABOVE else None


def report_due(
    clauses: Iterable[Mapping], since: date, reported: Collection[date], days: WorkingDays
) -> date | None:  # fmt: skip
    """When the superior is to be told next: by the most frequent of what the clauses ask for."""
    asked = {clause["reporting"] for clause in clauses if clause["no_task_reason"] is None}
    period = next((each for each in PERIODS if each in asked), None)
    return None if period is None else next_report(period, since, reported, days)
