"""Texts that were changed somewhere, in ten ways; always the same ones."""

import random
import string

LETTERS = string.ascii_letters + string.digits + "-_.=+/"


def mutations(text: str, wanted: int) -> list[str]:
    """So many, none twice, none the text itself."""
    changed = dict.fromkeys(each for number in range(2 * wanted) if (each := _mutated(text, number)) != text)
    assert len(changed) >= wanted
    return list(changed)[:wanted]


def _mutated(text: str, number: int) -> str:
    draw = random.Random(number)
    place, other = draw.randrange(len(text)), draw.randrange(1, len(text))
    letter = draw.choice([each for each in LETTERS if each != text[place]])
    return [
        text[:place] + letter + text[place + 1 :],  # another letter
        text[:-1] + draw.choice([each for each in LETTERS if each != text[-1]]),  # at the very end
        text[:place] + text[place + 1 :],  # one less
        text[:place] + letter + text[place:],  # one more
        text[:place] + text[place].swapcase() + text[place + 1 :],
        text[:other],  # cut off
        text[other:] + text[:other],  # turned
        text[:place] + text[place:][::-1],  # in part backwards
        text + text[:other],
        text[:place] + draw.choice("\u200b\xadéА") + text[place + 1 :],  # looks alike, or like nothing
    ][number % 10]
