"""What is urged is said in the conversation of its order."""

import pytest

from messaging.use_cases import cases, directives
from tests.support.orders import issued, urged


@pytest.mark.parametrize("early", [False, True], ids=["after its order", "before its order"])
def test_an_urging_is_said_in_the_conversation_whichever_is_heard_first(town, early):
    here = town("messaging")
    acts = [lambda tx: cases.open_case(tx, issued()), lambda tx: directives.post_urging(tx, urged())]
    for act in reversed(acts) if early else acts:
        with here.store.transaction() as tx:
            act(tx)

    [said] = here.rows("SELECT kind, text, number, sender_title FROM messages")
    assert said == {"kind": "urging", "text": "Đề nghị báo cáo", "number": 1, "sender_title": "Phó Chủ tịch"}
    [found] = here.rows("SELECT created_at, active_at, last_number FROM conversations")
    assert (found["created_at"].hour, found["active_at"].hour, found["last_number"]) == (2, 4, 1)
    assert here.rows("SELECT count(*) AS n FROM participants") == [{"n": 5}]
    [(name, told)] = here.events()
    assert (name, len(told["participant_post_ids"])) == ("message_posted", 0 if early else 5)


def test_what_a_unit_urges_inside_is_not_said_to_the_others(town):
    here = town("messaging")
    with here.store.transaction() as tx:
        directives.post_urging(tx, urged(inside=True))

    assert here.rows("SELECT id FROM messages UNION ALL SELECT id FROM conversations") == []
