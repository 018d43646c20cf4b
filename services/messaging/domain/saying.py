"""What may be said: a text as it is kept, whom it mentions, how long it may be changed."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_TEXT = 20_000  # characters
MOST_MARKS = 3  # of those that stand above and below one letter
WITHDRAWN = ("directive", "urging")  # what asks for something is never edited, nor removed
CALLED_AT_MOST = 50  # by anybody, with one word
MOST_VERSIONS = 100  # of one message
CONVERSATIONS_AT_ONCE = 3  # in which one may speak as fast as in one

PERSON = "@"  # stands for whoever is mentioned: his name is not ours to keep

_JOINER, _SELECTOR = "\u200d", "\ufe0f"
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters that show nothing
_MARKS = re.compile(
    rf"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{{{MOST_MARKS}}})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)


class Unsayable(Exception):
    """`field` and what is wrong with it."""

    def __init__(self, field: str, message: str):
        super().__init__(message)
        self.field, self.message = field, message


@dataclass(frozen=True)
class Pace:
    """How fast one person may speak in one conversation: so many at once, and so many a minute after that."""

    a_minute: int

    @property
    def each(self) -> timedelta:
        return timedelta(minutes=1) / self.a_minute

    @property
    def ahead(self) -> timedelta:
        """How far what was said may reach into the time to come, for one more to be said."""
        return self.each * (self.a_minute - 1)

    @property
    def everywhere(self) -> "Pace":
        """In all conversations together."""
        return Pace(self.a_minute * CONVERSATIONS_AT_ONCE)


def cleaned(text: str, mentions: Iterable[Mapping] = ()) -> tuple[str, list[dict]]:
    """The text in NFC without what is not seen, and where in it the mentions are. Raises Unsayable.

    `offset` and `length` count code points of the text as it was sent; what is answered counts in what is kept. Of a
    person only the id is: his name is written when it is read.
    """
    said, parts, kept, shown, at = [], [], [], 0, 0
    for mention in sorted(mentions, key=lambda each: each["offset"]):
        start, end = mention["offset"], mention["offset"] + mention["length"]
        if start < at or end > len(text):
            raise Unsayable("mentions", "They lie beside the text, or over one another.")
        before, name = _plain(text[at:start]), _plain(text[start:end])
        if not name.strip():
            raise Unsayable("mentions", "There is nothing to read there.")
        said += [before, name]
        name = PERSON if mention["kind"] == "person" else name
        kept.append(dict(mention) | {"offset": shown + len(before), "length": len(name)})
        parts += [before, name]
        shown, at = shown + len(before) + len(name), end
    rest = _plain(text[at:])
    whole = "".join([*parts, rest])
    if kept and not unicodedata.is_normalized("NFC", "".join([*said, rest])):
        raise Unsayable("mentions", "One of them ends within a letter.")
    left = whole.lstrip()
    cut = len(whole) - len(left)
    left = left.rstrip()
    if len(left) > MOST_TEXT:
        raise Unsayable("text", f"Longer than maximum length {MOST_TEXT}.")
    for mention in kept:
        mention["offset"] -= cut
        if mention["offset"] < 0 or mention["offset"] + mention["length"] > len(left):
            raise Unsayable("mentions", "There is nothing to read there.")
    return left, kept


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.replace("\n", "").replace("\t", "").isprintable():
        text = "".join(
            letter for place, letter in enumerate(text)
            if letter in "\n\t " or letter.isprintable() or _is_space(letter) or _joins(text, place)
        )  # fmt: skip
    text = "".join(letter for letter in text if letter not in _BLANK) if _BLANK.intersection(text) else text
    return _MARKS.sub(r"\1", unicodedata.normalize("NFC", text))


def _is_space(letter: str) -> bool:
    return unicodedata.category(letter) == "Zs"


def _joins(text: str, place: int) -> bool:
    """Whether a joiner stands between two pictures that it makes one of (a family, a profession)."""
    if text[place] != _JOINER or place + 1 == len(text):
        return False
    before = text[:place].rstrip(_SELECTOR + "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")[-1:]
    return all(unicodedata.category(letter) == "So" for letter in (before, text[place + 1]) if letter) and before != ""


def has_something(text: str) -> bool:
    return any(unicodedata.category(letter)[0] in "LNPS" for letter in text)


def may_call(people: int, role: str) -> bool:
    """So many beside those whom one leads by one word, all or whole units: only who answers for the conversation."""
    return people <= CALLED_AT_MOST or role in ("responsible", "owner")


def may_change(message: Mapping, person_id: str, now: datetime, within: timedelta) -> str | None:
    """The code of why not, if he may not."""
    if message["sender_person_id"] != person_id:
        return "not_authorised"
    if message["kind"] != "text":
        return "message_cannot_change"
    if message["state"] != "said":
        return "message_ended"
    return "message_too_old" if now - message["sent_at"] > within else None


def may_withdraw(message: Mapping, person_id: str, post_ids: Sequence[str]) -> str | None:
    """Whoever asked for something may take it back, however late; so may who has his post now."""
    if message["sender_person_id"] != person_id and message["sender_post_id"] not in post_ids:
        return "not_authorised"
    if message["kind"] not in WITHDRAWN:
        return "message_cannot_change"
    return "message_ended" if message["state"] != "said" else None
