"""A person as a vCard (RFC 2426), which every address book reads."""

import vobject
from vobject.vcard import Name

MEDIA_TYPE = "text/vcard"


def written(person: dict) -> bytes:
    """Of his posts the most senior one, which comes first; and what the reader may know of how to reach him."""
    card = vobject.vCard()
    card.add("uid").value = f"urn:uuid:{person['id']}"
    card.add("fn").value = person["name"]
    card.add("n").value = _name(person["name"])
    for entry in person["entries"][:1]:
        card.add("org").value = [entry["unit_name"]]
        card.add("title").value = entry["title"]
    contact = person["contact"]
    _add(card, "tel", contact["phone"], "WORK", "VOICE")
    _add(card, "tel", contact["mobile"], "CELL")
    _add(card, "email", contact["email"], "INTERNET", "WORK")
    return card.serialize().encode()


def _name(name: str) -> Name:
    """The family's name comes first, the name that he is called by last."""
    family, *middle = name.split()
    return Name(family=family, given=middle[-1] if middle else "", additional=" ".join(middle[:-1]))


def _add(card, kind: str, value: str | None, *types: str) -> None:
    if value is not None:
        line = card.add(kind)
        line.value = value
        line.params["TYPE"] = list(types)
