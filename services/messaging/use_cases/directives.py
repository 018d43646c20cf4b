"""What asks those who take part to do or to answer something."""

from collections.abc import Mapping

from chassis import clock
from messaging.storage.cases import begin_case
from messaging.storage.conversations import addressees_of
from messaging.storage.messages import next_number
from messaging.use_cases import messages


def post_urging(tx, urging: Mapping) -> None:
    """It is said to all who take part, and names nobody: who is late is not told to his neighbours. What is heard
    before the order itself finds its conversation begun.
    """
    if urging["inside"]:
        return
    at = urging["at"]
    begun = {
        "id": clock.new_id(), "kind": "case", "name": urging["title"], "task_id": urging["task_id"],
        "created_at": at, "active_at": at,
    }  # fmt: skip
    conversation = begin_case(tx, begun)
    message = {
        "id": urging["act_id"],
        "conversation_id": conversation["id"],
        "number": next_number(tx, conversation["id"], at, even_closed=True),
        "kind": "urging",
        "text": urging["text"],
        "sender_person_id": urging["actor_person_id"],
        "sender_post_id": urging["from_post_id"],
        "sender_title": urging["from_title"],
        "acting_for": urging["acting_for"],
        "sent_at": at,
    }
    messages.say(tx, message, conversation["name"], addressees_of(tx, conversation["id"]))
