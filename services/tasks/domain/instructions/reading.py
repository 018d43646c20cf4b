"""A text as the rules read it, and the way back to the text as it was written.

Rules are regular expressions over `letters`: NFC, lower case, one blank (or line break) between words, one way to write
a dash and to place a tone ("hoà" and "hòa" are one word). They are written with diacritics; a text that has none at all
is read by the same rules without theirs. No rule repeats anything without a bound, so none costs more than the text is
long.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_TONES = [
    "oà",
    "òa",
    "oá",
    "óa",
    "oả",
    "ỏa",
    "oã",
    "õa",
    "oạ",
    "ọa",
    "oè",
    "òe",
    "oé",
    "óe",
    "oẻ",
    "ỏe",
    "oẽ",
    "õe",
    "oẹ",
    "ọe",
    "uỳ",
    "ùy",
    "uý",
    "úy",
    "uỷ",
    "ủy",
    "uỹ",
    "ũy",
    "uỵ",
    "ụy",
]
_PLACED = dict(zip(_TONES[::2], _TONES[1::2], strict=True))
_TO_PLACE = re.compile("|".join(_PLACED))


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """From `start` up to, without, `end`, in characters of the text as it was written."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern in both its forms: for a text with diacritics and for one without."""

    accented: re.Pattern
    plain: re.Pattern


_SETS = re.compile(r"(\[[^\]]*\])")
RULES: list[Rule] = []  # all of them, so that a test can look at what each may cost


def rule(pattern: str) -> Rule:
    """Written in lower case, with diacritics; a blank stands for any white space."""
    parts = _SETS.split(_one_tone_place(pattern))
    spaced = "".join(part.replace(" ", " \\n" if part.startswith("[") else "[ \\n]") for part in parts)
    made = Rule(re.compile(spaced), re.compile(without_diacritics(spaced)))
    RULES.append(made)
    return made


class Reading:
    def __init__(self, text: str):
        self.text = text
        letters, starts, ends, capitals = [], [], [], []
        for start, end, cluster in _clusters(text):
            for letter in cluster:
                read = _as_read(letter)
                if read in " \n" and letters and letters[-1] in " \n":
                    letters[-1] = "\n" if "\n" in (read, letters[-1]) else " "
                    ends[-1] = end
                    continue
                letters.append(read)
                starts.append(start)
                ends.append(end)
                capitals.append(read != letter and letter.isupper())
        self.letters = _one_tone_place("".join(letters))
        self.folded = without_diacritics(self.letters)
        self.is_plain = self.letters == self.folded
        self._starts, self._ends, self._capitals = starts, ends, capitals

    def form(self, rule: Rule) -> re.Pattern:
        return rule.plain if self.is_plain else rule.accented

    def find(self, rule: Rule, start: int = 0, end: int | None = None) -> Iterator[re.Match]:
        return self.form(rule).finditer(self.letters, start, len(self.letters) if end is None else end)

    def first(self, rule: Rule, start: int = 0, end: int | None = None) -> re.Match | None:
        return self.form(rule).search(self.letters, start, len(self.letters) if end is None else end)

    def at(self, rule: Rule, start: int, end: int | None = None) -> re.Match | None:
        return self.form(rule).match(self.letters, start, len(self.letters) if end is None else end)

    def before(self, rule: Rule, end: int, start: int, within: int = 80) -> re.Match | None:
        """What stands directly before `end`; the rule says so itself by its `$`."""
        return self.form(rule).search(self.letters, max(start, end - within), end)

    def is_capital(self, at: int) -> bool:
        return at < len(self._capitals) and self._capitals[at]

    def is_name(self, at: int) -> bool:
        """Names of their own are written with a capital, or are a number."""
        return self.is_capital(at) or self.letters[at : at + 1].isdigit()

    def place(self, start: int, end: int) -> Place:
        """Where in the text as written, without blanks around it."""
        while start < end and self.letters[start] in " \n":
            start += 1
        while start < end and self.letters[end - 1] in " \n":
            end -= 1
        return Place(self._starts[start], self._ends[end - 1]) if start < end else Place(0, 0)

    def quote(self, place: Place) -> str:
        return unicodedata.normalize("NFC", self.text[place.start : place.end])


def without_diacritics(text: str) -> str:
    """Letter by letter, so that places stay where they are."""
    return text.translate(_FOLDED)


@lru_cache(4096)
def _as_read(letter: str) -> str:
    """One letter for one letter."""
    if letter in "\n\r\u2028\u2029":
        return "\n"
    if letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf"):
        return " "
    if unicodedata.category(letter) == "Pd":
        return "-"
    small = letter.lower()
    return small if len(small) == 1 else letter


class _Folded(dict):
    def __missing__(self, code: int) -> int:
        letter = chr(code)
        plain = "d" if letter == "đ" else unicodedata.normalize("NFD", letter)[0]
        self[code] = ord(plain)
        return self[code]


_FOLDED = _Folded()


def _one_tone_place(text: str) -> str:
    return _TO_PLACE.sub(lambda found: _PLACED[found[0]], text)


def _clusters(text: str) -> Iterator[tuple[int, int, str]]:
    """Letters with the marks that follow them, composed."""
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        cluster = text[at:end]
        yield at, end, unicodedata.normalize("NFC", cluster) if end > at + 1 or cluster > "\u0300" else cluster
        at = end
