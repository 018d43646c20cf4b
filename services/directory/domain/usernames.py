"""User names made from people's names, as offices make them: "Nguyễn Văn An" -> "annv", the next one "annv2"."""

from collections import Counter
from collections.abc import Iterable, Mapping

from directory.domain.names import fold


def stem(name: str) -> str:
    """The word that he is called by and the initials of the others; letters only, so that a number may follow."""
    letters = ["".join(c for c in word if "a" <= c <= "z") for word in fold(name).split()]
    *others, given = [word for word in letters if word] or ["nguoidung"]
    return given + "".join(word[0] for word in others)


def name_all(names: Iterable[str], taken: Mapping[str, int]) -> list[str]:
    """A user name for each. `taken` gives for a stem the highest number in use; the stem alone counts as 1."""
    highest, made = Counter(taken), []
    for each in map(stem, names):
        highest[each] += 1
        made.append(each if highest[each] == 1 else f"{each}{highest[each]}")
    return made
