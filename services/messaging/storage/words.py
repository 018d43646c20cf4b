"""By which words a message is found."""

from collections.abc import Iterable

from kernel.folding import fold

LONGEST = 40  # characters of a word
MOST = 1_000  # words of a message


def words_of(conversation_id: str, *texts: str) -> list[str]:
    """Without diacritics, each once. The conversation is one more: the index finds what both have, not all that is said
    in the city with that word.
    """
    words = dict.fromkeys(word[:LONGEST] for word in fold(" ".join(texts)).split())
    return [conversation_word(conversation_id), *list(words)[:MOST]]


def conversation_word(conversation_id: str) -> str:
    """No text has it: its words are letters and figures."""
    return f":{conversation_id}"


def sought(q: str) -> list[str]:
    return list(dict.fromkeys(word[:LONGEST] for word in fold(q).split()))


def as_query(words: Iterable[str]) -> str:
    """For PostgreSQL; they are letters and figures, so nothing in them is a sign of its own."""
    return " & ".join(f"'{word}'" for word in words)
