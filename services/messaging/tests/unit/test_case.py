"""Who takes part in the conversation of an order."""

from messaging.domain.case import participants


def an_order(*pieces, followers=()):
    assignments = [{"post_id": post_id, "role": role} for post_id, role in pieces]
    return {"assigner_post_id": "assigner", "followers": list(followers), "assignments": assignments}


def test_the_roles_in_the_work_are_the_parts_in_the_conversation():
    order = an_order(("a", "lead"), ("b", "support"), ("c", "inform"), followers=["d"])

    assert participants(order) == {
        "assigner": "follower", "d": "follower", "a": "responsible", "b": "member", "c": "follower",
    }  # fmt: skip


def test_a_post_takes_part_once_in_its_strongest_part():
    order = an_order(("a", "inform"), ("b", "support"), ("a", "lead"), ("b", "inform"), followers=["a", "assigner"])

    assert participants(order) == {"assigner": "follower", "a": "responsible", "b": "member"}
