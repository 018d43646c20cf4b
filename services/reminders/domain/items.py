"""An action item follows its subject: it stands open exactly while the subject waits for somebody.

What is heard may come twice and in any order, so an item remembers the version of its subject that it knows of.
"""

import uuid
from dataclasses import dataclass, replace

TO_RECEIVE = "assignment_to_receive"
WAITING_TO_BE_RECEIVED = "assigned"
BREAK_GLASS_USED = "break_glass_used"
LOOK_AFTER_IT = "Tài khoản khẩn cấp đã được dùng: hãy xem ai dùng, vì sao, rồi niêm phong lại"
THE_PLATFORM = "Công Vụ"
URGENCY_RANKS = {"express": 0, "very_urgent": 1, "urgent": 2, "normal": 3}


@dataclass(frozen=True, slots=True)
class Item:
    """`known`: the order itself has been heard of. Until then there is nothing to show, only a place kept."""

    open: bool
    version: int
    known: bool

    @property
    def shows(self) -> bool:
        return self.open and self.known


def after_change(item: Item, state: str, version: int) -> Item:
    """The item once its assignment came into `state`; what is older than what is known changes nothing."""
    if version <= item.version:
        return item
    return replace(item, open=state == WAITING_TO_BE_RECEIVED, version=version)


def link_to_assignment(assignment_id: str) -> str:
    """The API path that shows an assignment."""
    return f"/api/v1/assignments/{assignment_id}"


def subject_at(thing_id: str, post_id: str) -> str:
    """The subject of an item about one thing that several posts have each."""
    return str(uuid.uuid5(uuid.UUID(thing_id), post_id))


def link_to_audit(account_id: str) -> str:
    """The API path that shows what was done with an account."""
    return f"/api/v1/audit?service=directory&subject={account_id}"
