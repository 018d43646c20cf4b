"""Words as people type them: without diacritics."""

import unicodedata


def fold(text: str) -> str:
    """Lower case, without diacritics, words of letters and digits: "Đặng Thị Ân" -> "dang thi an".

    What is kept and what is looked for pass through here alike.
    """
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(letters.split())
