"""An action item follows its subject: it stands open exactly while the subject waits for somebody.

What is heard may come twice and in any order, so an item remembers the version of its subject that it knows of.
"""

import uuid
from collections.abc import Mapping

TO_RECEIVE = "assignment_to_receive"
TO_EXTEND = "extension_to_decide"
PATHS = {
    TO_EXTEND: "extensions", "blocker_to_decide": "blockers", "urging_to_answer": "urgings",
    "correction_to_decide": "corrections", "document_to_receive": "documents", "recall_to_answer": "documents",
    "superior_answer_to_record": "superior-requests",
}  # fmt: skip
TO_ISSUE = "order_to_issue"
TO_ACKNOWLEDGE = "directive_to_acknowledge"
ASKED, ACKNOWLEDGED, WITHDRAWN = 1, 2, 3  # what has become of a directive for one post: its versions
SOMEBODY = "@cán bộ"
TITLE_AT_MOST = 200
BREAK_GLASS_USED = "break_glass_used"
LOOK_AFTER_IT = "Tài khoản khẩn cấp đã được dùng: hãy xem ai dùng, vì sao, rồi niêm phong lại"
THE_PLATFORM = "Công Vụ"
URGENCY_RANKS = {"express": 0, "very_urgent": 1, "urgent": 2, "normal": 3}


def of_piece(piece: Mapping, at) -> dict:
    """What is known of a piece of work from its owner's event. It waits for one thing at a time."""
    return _item(piece["assignment_id"], piece["version"], piece, piece["awaits"], TO_RECEIVE, at)


def of_extension(about: Mapping, extension: Mapping, at) -> dict:
    """What is known of a request for more time."""
    return _item(extension["extension_id"], extension["version"], about, extension["awaits"], TO_EXTEND, at)


def of_waiting(act: Mapping, each: Mapping, at) -> dict:
    """What is known of something else that waits: a draft, a blocker, an urging, a correction, what is asked about
    what was passed on.
    """
    about = {name: act[name] for name in ("task_id", "title", "urgency")} | dict(each)
    item = _item(each["subject_id"], each["version"], about, each["awaits"], each["kind"], at)
    return item | {"link": link_to(each["kind"], each.get("assignment_id", each["subject_id"]), act["task_id"])}


def _item(subject_id: str, version: int, about: Mapping, awaits: Mapping | None, kind: str, at) -> dict:
    """While nothing waits the item keeps its place, so that what comes late does not open it again."""
    waits = awaits or {
        "kind": kind, "post_id": about["post_id"], "unit_id": about["unit_id"], "from_title": None, "due": None,
    }  # fmt: skip
    return {
        **waits,
        "subject_id": subject_id,
        "version": version,
        "open": awaits is not None,
        "task_id": about["task_id"],
        "title": about["title"],
        "urgency_rank": URGENCY_RANKS[about["urgency"]],
        "link": link_to(waits["kind"], subject_id, about["task_id"]),
        "raised_at": at if awaits else None,
        "closed_at": None if awaits else at,
    }


def link_to(kind: str, subject_id: str, task_id: str) -> str:
    """The API path that shows what it is about."""
    if kind == TO_ISSUE:
        return f"/api/v1/tasks/{task_id}"
    return f"/api/v1/{PATHS.get(kind, 'assignments')}/{subject_id}"


def link_to_item(item_id: str) -> str:
    """Of what a sibling says: from there one goes on to it."""
    return f"/api/v1/action-items/{item_id}"


def nudging_rank(item: Mapping) -> int:
    """How urgent it is to nudge somebody about it: no word of a sibling's wakes anybody at night."""
    return max(item["urgency_rank"], URGENCY_RANKS["very_urgent"]) if item["origin"] else item["urgency_rank"]


def link_to_message(message_id: str) -> str:
    return f"/api/v1/messages/{message_id}"


def title_of(text: str) -> str:
    """Of a message, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_AT_MOST else line[: TITLE_AT_MOST - 1].rstrip() + "…"


def title_of_message(message: Mapping) -> str:
    """Of one that says nothing but what its files are, these. Whom it mentions is not named: a name is the directory's
    to tell, and to erase.
    """
    text = message["text"]
    for mention in sorted(message["mentions"], key=lambda each: each["offset"], reverse=True):
        if mention["kind"] == "person":
            begins = mention["offset"]
            text = f"{text[:begins]}{SOMEBODY}{text[begins + mention['length'] :]}"
    return title_of(text or ", ".join(file["name"] for file in message["files"]))


def of_directive(message: Mapping, asked: Mapping) -> dict:
    """What one post is to acknowledge."""
    asking = message["asking"]
    return _directed(message["id"], asked, ASKED) | {
        "open": True,
        "title": title_of_message(message),
        "from_title": message["sender_title"],
        "urgency_rank": URGENCY_RANKS[asking["urgency"]],
        "due": asking["answer_by"],
        "raised_at": message["sent_at"],
    }


def of_directive_no_longer(message_id: str, asked: Mapping, version: int, at) -> dict:
    """It keeps its place, so that what comes late does not open it."""
    return _directed(message_id, asked, version) | {
        "open": False,
        "title": "",
        "urgency_rank": URGENCY_RANKS["normal"],
        "closed_at": at,
    }


def _directed(message_id: str, asked: Mapping, version: int) -> dict:
    return {
        "kind": TO_ACKNOWLEDGE,
        "subject_id": asked["receipt_id"],
        "version": version,
        "post_id": asked["post_id"],
        "unit_id": asked["unit_id"],
        "link": link_to_message(message_id),
    }


def link_of_break_glass(account_id: str) -> str:
    return f"/api/v1/audit?service=directory&subject={account_id}"


def of_break_glass(account_id: str, version: int, post_id: str, unit_id: str, at) -> dict:
    """What one administrator's post has before it once somebody signed in with the sealed account."""
    return {
        "kind": BREAK_GLASS_USED,
        "post_id": post_id,
        "unit_id": unit_id,
        "from_title": THE_PLATFORM,
        "due": at,
        "subject_id": str(uuid.uuid5(uuid.UUID(account_id), post_id)),
        "version": version,
        "open": True,
        "task_id": None,
        "title": LOOK_AFTER_IT,
        "urgency_rank": URGENCY_RANKS["express"],
        "link": link_of_break_glass(account_id),
        "raised_at": at,
        "closed_at": None,
    }


def subject_of(origin: str, subject: str) -> str:
    """Our id of what a sibling calls so: none of another sibling's, and none of ours."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:congvu:waiting:{origin}:{subject}"))


def of_sibling(origin: str, subject_id: str, version: int, said: Mapping, whom: Mapping, at) -> dict:
    """What a sibling says that waits, for whom it was found to be."""
    return {
        **whom,
        "subject_id": subject_id,
        "version": version,
        "open": True,
        "origin": origin,
        "kind": said["kind"],
        "task_id": None,
        "title": said["title"],
        "from_title": said["from_title"] or origin,
        "urgency_rank": URGENCY_RANKS[said["urgency"]],
        "due": said["due"],
        "link": said["link"],
        "raised_at": at,
        "closed_at": None,
    }


def kept_of_sibling(origin: str, subject_id: str, version: int, at) -> dict:
    """The place of what waits for nobody here: of what the sibling said nothing else is kept."""
    return {
        "subject_id": subject_id,
        "version": version,
        "open": False,
        "origin": origin,
        "kind": "",
        "title": "",
        "link": "",
        "urgency_rank": URGENCY_RANKS["normal"],
        "closed_at": at,
    }
