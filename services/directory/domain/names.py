"""Names as people type them: without diacritics, in any order, half finished, or as initials."""

from kernel.folding import fold


def initials(folded: str) -> str:
    """ "nguyen van an" -> "nva"; a single word has none."""
    words = folded.split()
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def search_form(name: str) -> str:
    """A folded name in which every word begins after a blank, so that one pattern finds the beginnings of words."""
    return " " + fold(name)


def given_name(name: str) -> str:
    """The word that a person is called by: the last."""
    return fold(name).rpartition(" ")[2]


def words_of(q: str | None) -> list[str]:
    """The folded words of what somebody looks for."""
    return fold(q).split() if q else []
