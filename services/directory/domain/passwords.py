"""What makes a password a bad one for this very account, and secrets that people copy from paper."""

import re
import unicodedata
from collections.abc import Iterable

from directory.domain.names import fold

SHORTEST, LONGEST = 12, 200  # characters
LEFT_AT_LEAST = 8  # characters, beside what anybody knows of the account
HOUSE_WORDS = (
    "congvu", "tphcm", "hcm", "hochiminh", "thanhpho", "saigon", "vietnam", "ubnd", "uyban", "matkhau", "password",
    "chucvu", "canbo", "admin",
)  # fmt: skip
YEAR = re.compile(r"(19|20)\d\d")

# without 0, O, 1, l and i, which look alike on paper
PAPER_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
PAPER_LENGTH = 16  # 79 bits: no guessing comes near, whatever they are hashed with


def normal(password: str) -> str:
    """One password, however a keyboard composes its diacritics."""
    return unicodedata.normalize("NFC", password)


def is_contextual(password: str, known: Iterable[str]) -> bool:
    """Whether too little is left of it without the words that anybody knows: of the account, of the house, years."""
    letters = left = fold(password).replace(" ", "")
    words = {part for text in (*known, *HOUSE_WORDS) for part in (fold(text).replace(" ", ""), *fold(text).split())}
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= 3:
            left = left.replace(word, "")
    return len(password) - (len(letters) - len(YEAR.sub("", left))) < LEFT_AT_LEAST


def on_paper(letters: str) -> str:
    """In groups of four, as it is printed."""
    return "-".join(letters[place : place + 4] for place in range(0, len(letters), 4))


def from_paper(typed: str) -> str:
    """As it was drawn, however it is typed: with the hyphens or blanks or without, in capitals or not."""
    return "".join(letter for letter in typed.lower() if letter not in "- ")
