"""Names beside ids, however many there are on a page."""

import eventlet

from chassis.errors import CallFailed
from gateway.assembling import NAMES_AT_MOST, with_all_names, with_names


class Asked:
    """A directory that knows everybody, and no more than so many at once."""

    def __init__(self):
        self.sizes = []

    def ask(self, procedure, request: dict, seconds: float) -> dict:
        ids = request["person_ids"]
        assert len(ids) <= NAMES_AT_MOST
        self.sizes.append(len(ids))
        return {"items": [{"id": id_, "name": f"Tên {id_}"} for id_ in ids]}


def test_nobody_stays_without_a_name_because_there_are_many():
    directory, known = Asked(), {"0": "Đã biết"}
    items = [{"who": str(number % 1_001)} for number in range(2_000)] + [{"who": None}]
    with_names(directory, known, items, "who", "name")
    assert sorted(directory.sizes) == [500, 500]
    assert items[0]["name"] == "Đã biết" and items[1_000]["name"] == "Tên 1000" and items[-1]["name"] is None
    with_names(directory, known, items, "who", "name")
    assert len(directory.sizes) == 2


class Slow(Asked):
    """It answers nobody before everybody has asked."""

    def __init__(self, parties: int):
        super().__init__()
        self.missing, self.all_there = parties, eventlet.event.Event()

    def ask(self, *question) -> dict:
        self.missing -= 1
        if not self.missing:
            self.all_there.send(None)
        with eventlet.Timeout(30):
            self.all_there.wait()
        return super().ask(*question)


def test_many_are_asked_for_at_the_same_time():
    items = [{"who": str(number)} for number in range(NAMES_AT_MOST * 2 + 1)]
    with_names(Slow(3), {}, items, "who", "name")
    assert items[-1]["name"] == f"Tên {NAMES_AT_MOST * 2}"


def said(sender: str, mentioned: str, linked: str) -> dict:
    link = {"kind": "person", "id": linked, "title": None}
    return {"sender_person_id": sender, "mentions": [{"kind": "person", "id": mentioned}], "links": [link]}


def test_whoever_speaks_is_mentioned_or_linked_is_asked_for_once():
    directory, messages = Asked(), [said("1", "2", "3"), said("3", "1", "4")]
    with_all_names(directory, {}, messages)
    assert directory.sizes == [4]
    assert [(each["sender_name"], each["mentions"][0]["name"], each["links"][0]["title"]) for each in messages] == [
        ("Tên 1", "Tên 2", "Tên 3"), ("Tên 3", "Tên 1", "Tên 4"),
    ]  # fmt: skip


class Away:
    asked = 0

    def ask(self, *_question) -> dict:
        self.asked += 1
        raise CallFailed("service_unavailable", "nobody answers", retryable=True)


def test_who_is_away_is_asked_once_and_the_page_comes_without_names():
    away, message = Away(), said("1", "2", "3")
    with_all_names(away, {}, [message])
    assert (away.asked, message["sender_name"], message["links"][0]["title"]) == (1, None, None)
