"""Names beside ids, however many there are on a page."""

from gateway.assembling import NAMES_AT_MOST, with_names


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
