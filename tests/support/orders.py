"""What tasks says of an order, for those who hear it: ward 1 leads, ward 2 supports, ward 3 is informed."""

from contracts import tasks
from tests.support.town import id_of, post, unit

PIECES = (("ward-1", "lead"), ("ward-2", "support"), ("ward-3", "inform"))


def piece_id(ward: str, title: str = "Diễn tập") -> str:
    return id_of(f"piece of {ward} in {title}")


def issued(title: str = "Diễn tập", pieces=PIECES, due: str | None = None, **changes) -> dict:
    """The data of task_issued, as a handler gets them."""
    order = {
        "task_id": id_of(f"task {title}"),
        "title": title,
        "mode": "joint",
        "urgency": "urgent",
        "source": "city_pc",
        "issued_at": "2026-03-02T02:00:00+00:00",
        "assigner_post_id": post("committee vice_chairman"),
        "assigner_title": "Phó Chủ tịch",
        "followers": [post("office chief_of_office")],
        "unit_ids": [unit(name) for name, _ in pieces],
        "assignments": [
            {
                "id": piece_id(name, title),
                "unit_id": unit(name),
                "unit_name": name,
                "post_id": post(f"{name} head"),
                "role": role,
                "current_due": due,
            }
            for name, role in pieces
        ],
    }
    return tasks.task_issued.data().load(order | changes)


def changed(change: str, after: str, version: int, ward: str = "ward-1", title: str = "Diễn tập", **changes) -> dict:
    """The data of assignment_changed, as a handler gets them."""
    act = {"at": "2026-03-02T03:00:00+00:00", "actor_person_id": id_of("somebody"), "acting_for": None, "reason": None}
    said = piece_now(change, after, version, ward, title, **changes) | act
    said |= {"result_id": None, "pieces": [], "concerns": []}
    return tasks.assignment_changed.data().load(said | {name: changes[name] for name in changes.keys() & said.keys()})


def piece_now(change: str, after: str, version: int, ward: str, title: str = "Diễn tập", **changes) -> dict:
    """What an event says of a piece: who must act now follows from the state, unless it is said."""
    piece = {
        "change": change,
        "assignment_id": piece_id(ward, title),
        "task_id": id_of(f"task {title}"),
        "parent_id": None,
        "title": title,
        "urgency": "urgent",
        "unit_id": unit(ward),
        "unit_name": ward,
        "post_id": post(f"{ward} head"),
        "assigner_post_id": post("committee vice_chairman"),
        "role": dict(PIECES).get(ward, "lead"),
        "before": "assigned",
        "after": after,
        "version": version,
        "current_due": None,
        "returns": 0,
        "extension": None,
        "former": None,
        "waiting": [],
    }
    piece |= {name: changes[name] for name in changes.keys() & piece.keys()}
    return piece | {"awaits": changes.get("awaits", awaits(piece))}


def awaits(piece: dict) -> dict | None:
    leader = {
        "post_id": post("committee vice_chairman"),
        "unit_id": unit("committee"),
        "from_title": piece["unit_name"],
    }
    owner = {"post_id": piece["post_id"], "unit_id": piece["unit_id"], "from_title": "Phó Chủ tịch"}
    return {
        "assigned": {"kind": "assignment_to_receive", "due": None, **owner},
        "declined": {"kind": "refusal_to_decide", "due": "2026-03-04T16:59:59+00:00", **leader},
        "result_submitted": {"kind": "result_to_decide", "due": "2026-03-03T16:59:59+00:00", **leader},
    }.get(piece["after"])


def urged(title: str = "Diễn tập", **changes) -> dict:
    """The data of urging_raised, about the piece of ward 1, as a handler gets them."""
    waiting = {
        "subject_id": id_of(f"urging in {title}"), "version": 1, "kind": "urging_to_answer",
        "post_id": post("ward-1 head"), "unit_id": unit("ward-1"),
    }  # fmt: skip
    awaits = {name: waiting[name] for name in ("kind", "post_id", "unit_id")}
    urging = {
        "act_id": id_of(f"urging in {title}"),
        "task_id": id_of(f"task {title}"),
        "title": title,
        "urgency": "urgent",
        "kind": "urge",
        "text": "Đề nghị báo cáo",
        "from_post_id": post("committee vice_chairman"),
        "from_title": "Phó Chủ tịch",
        "inside": False,
        "answer_due": "2026-03-04T16:59:59+00:00",
        "urgings": [],
        "waiting": [waiting | {"awaits": awaits | {"from_title": "Phó Chủ tịch", "due": None}}],
        "concerns": [],
        "at": "2026-03-02T04:00:00+00:00",
        "actor_person_id": id_of("somebody"),
        "acting_for": None,
        "reason": None,
    }
    return tasks.urging_raised.data().load(urging | changes)


def put_before(leaders: dict[str, bool], version: int, title: str = "Diễn tập") -> dict:
    """The data of draft_changed: for each of these posts whether the draft waits for him."""

    def request(name: str, asked: bool) -> dict:
        awaits = {"kind": "order_to_issue", "post_id": post(name), "unit_id": unit("committee")}
        waits = awaits | {"from_title": "Chánh Văn phòng", "due": None} if asked else None
        return awaits | {"subject_id": id_of(f"{title} before {name}"), "version": version, "awaits": waits}

    act = {"at": "2026-03-02T01:00:00+00:00", "actor_person_id": id_of("somebody"), "acting_for": None, "reason": None}
    about = {"task_id": id_of(f"task {title}"), "title": title, "urgency": "urgent", "change": "submitted_for_issue"}
    waiting = [request(name, asked) for name, asked in leaders.items()]
    return tasks.draft_changed.data().load(about | act | {"waiting": waiting, "concerns": []})
