"""What a line of the directory can be found by, and what somebody means by what he typed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from directory.domain.names import fold, initials, words_of

END = "|"  # stands where a form ends: "binh thanh|" is not the beginning of "binh thanh dong|"
FEWEST_DIGITS = 3
LONGEST_WORD = 24  # letters; what is longer is no word
MOST_WORDS = 12

# how posts and units are written short, the longer forms first
SHORT = {
    "pho chu tich": "pct", "chu tich": "ct", "pho giam doc": "pgd", "giam doc": "gd", "pho chanh van phong": "pcvp",
    "chanh van phong": "cvp", "pho truong phong": "ptp", "truong phong": "tp", "pho truong ban": "ptb",
    "truong ban": "tb", "pho chi cuc truong": "pcct", "chi cuc truong": "cct", "pho chanh thanh tra": "pctt",
    "chanh thanh tra": "ctt", "pho bi thu": "pbt", "bi thu": "bt", "uy vien thuong truc": "uvtt", "uy vien": "uv",
    "chuyen vien": "cv", "vien chuc": "vc", "van thu": "vt", "thu ky": "tk", "quan tri vien": "qtv",
    "kiem soat vien": "ksv", "uy ban nhan dan": "ubnd", "van phong": "vp", "trung tam": "tt", "thanh pho": "tp",
    "chi cuc": "cc", "dac khu": "dk",
}  # fmt: skip
_SHORT = re.compile(r"\b(" + "|".join(sorted(SHORT, key=len, reverse=True)) + r")\b")
_NUMBER = re.compile(r"[\d\s.()+\-]*")
_NOT_IN_SHORT = re.compile(r"\bva\b")  # "Sở Giáo dục và Đào tạo" is SGDĐT


@dataclass(frozen=True)
class Query:
    """`words` are folded beginnings of words, in the order typed; or `digits`, a part of a telephone number."""

    words: tuple[str, ...] = ()
    digits: str = ""

    @property
    def size(self) -> int:
        return len(self.digits) or sum(map(len, self.words))


def understand(q: str | None) -> Query:
    """Three digits and more, with blanks and dots wherever they are put, are a part of a number; the rest is words."""
    digits = digits_of(q or "")
    if q and len(digits) >= FEWEST_DIGITS and _NUMBER.fullmatch(q):
        return Query(digits=digits)
    return Query(words=tuple(word[:LONGEST_WORD] for word in words_of(q)[:MOST_WORDS]))


def digits_of(number: str) -> str:
    """The digits of a number as it is dialled in the country: "+84 28 0123" -> "0280123"."""
    digits = "".join(c for c in number if c.isascii() and c.isdigit())
    return f"0{digits[2:]}" if number.lstrip().startswith("+84") else digits


def post_form(title: str, unit_name: str, unit_full_name: str, codes: Iterable[str]) -> str:
    """The words by which a post is found: its title, its unit, and how both are written short.

    `codes` are those of the unit and of the units above it.
    """
    title, full_name = fold(title), fold(unit_full_name)
    forms = [title]
    if not title.endswith(full_name):
        forms.append(full_name)
    phrases = [phrase for form in forms for phrase in _SHORT.findall(form)]
    forms += [*phrases, *(SHORT[phrase] for phrase in phrases)]
    forms += {initials(part) for name in (unit_name, full_name) for part in (fold(name), _without_and(fold(name)))}
    forms += [code for code in map(fold, codes) if not code.isdigit()]
    return "".join(f" {form}{END}" for form in dict.fromkeys(forms) if form)


def _without_and(folded: str) -> str:
    return " ".join(_NOT_IN_SHORT.sub("", folded).split())


# slips of the finger

_TONE = re.compile(r"(?<=[a-z])[sfrxj]$")
_TELEX = ((re.compile(r"([aeo])\1"), r"\1"), (re.compile(r"dd"), "d"), (re.compile(r"(?<=[aou])w"), ""))
_LETTERS = "abcdeghiklmnopqrstuvxy"


def likely_meant(word: str) -> list[str]:
    """What a word that nobody bears may have been meant to be: Telex keys left in it first, then one slip."""
    return list(dict.fromkeys(form for form in (_without_telex(word), *_one_slip(word)) if form != word))


def _without_telex(word: str) -> str:
    """ "nguyeenx" -> "nguyen": the keys that would have become marks."""
    plain = _TONE.sub("", word)
    for keys, letters in _TELEX:
        plain = keys.sub(letters, plain)
    return plain


def _one_slip(word: str) -> Iterator[str]:
    """One letter wrong, missing, too many, or two changed places."""
    splits = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    yield from (left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1)
    yield from (left + right[1:] for left, right in splits if right)
    yield from (left + letter + right for left, right in splits for letter in _LETTERS)
    yield from (left + letter + right[1:] for left, right in splits if right for letter in _LETTERS)
