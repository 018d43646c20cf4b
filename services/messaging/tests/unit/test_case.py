"""Who takes part in the conversation of an order."""

from messaging.domain.case import participants, parts_of_order


def an_order(*pieces, followers=()):
    assignments = [{"id": str(n), "post_id": post_id, "role": role} for n, (post_id, role) in enumerate(pieces)]
    return {"assigner_post_id": "assigner", "followers": list(followers), "assignments": assignments}


def test_the_roles_in_the_work_are_the_parts_in_the_conversation():
    order = an_order(("a", "lead"), ("b", "support"), ("c", "inform"), followers=["d"])

    assert participants(parts_of_order(order)) == {
        "assigner": "follower", "d": "follower", "a": "responsible", "b": "member", "c": "follower",
    }  # fmt: skip


def test_a_post_takes_part_once_in_its_strongest_part():
    order = an_order(("a", "inform"), ("b", "support"), ("a", "lead"), ("b", "inform"), followers=["a", "assigner"])

    assert participants(parts_of_order(order)) == {"assigner": "follower", "a": "responsible", "b": "member"}
