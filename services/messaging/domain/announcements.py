"""The way of an announcement: written, put before somebody, published when its time has come, withdrawn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kernel.errors import Refused

WRITES, DECIDES = "writes", "decides"


@dataclass(frozen=True, slots=True)
class Step:
    verb: str
    before: tuple[str, ...]
    who: str


STEPS = (
    Step("edit", ("draft",), WRITES),
    Step("discard", ("draft",), WRITES),
    Step("submit", ("draft",), WRITES),
    Step("return", ("submitted",), DECIDES),
    Step("approve", ("submitted",), DECIDES),
    Step("withdraw", ("approved", "published"), DECIDES),
)
_BY_VERB = {step.verb: step for step in STEPS}


def permit(row: Mapping, verb: str, is_his: Iterable[str], version: int | None) -> None:
    """`is_his`: whether he writes it, decides on it, or both."""
    step = _BY_VERB[verb]
    if step.who not in is_his:
        raise Refused("not_authorised", f"{verb} is not for this post.", action=verb)
    if version is not None and version != row["version"]:
        raise Refused("stale_version", "It has changed since it was read.", current=row["version"])
    if row["state"] not in step.before:
        raise Refused("wrong_state", f"{verb} is not possible in state {row['state']}.", state=row["state"])


def allowed(row: Mapping, is_his: Iterable[str]) -> list[str]:
    return [step.verb for step in STEPS if row["state"] in step.before and step.who in is_his]


def require_another(row: Mapping, person_id: str) -> None:
    if person_id in row["writers"]:
        raise Refused("own_announcement", "Somebody else approves what one has written.")


def require_times(written: Mapping, now: datetime) -> None:
    begins, ends, by = (written[name] for name in ("valid_from", "valid_until", "acknowledge_by"))
    first = max(begins, now) if begins else now
    if ends and ends <= now:
        raise Refused("time_has_passed", "It would be over already.", field="valid_until")
    if by and by <= now:
        raise Refused("time_has_passed", "Nobody could do so in time any more.", field="acknowledge_by")
    if ends and ends <= first:
        raise Refused("dates_in_wrong_order", "It would be over before it begins.", field="valid_until")
    if by and (by <= first or (ends and by > ends)):
        raise Refused("dates_in_wrong_order", "That is not while it is valid.", field="acknowledge_by")
