"""Vietnamese text in the encodings and fonts of before Unicode: seen and named, never guessed into names of people."""

import re
import unicodedata

_MARKS = "\u0300\u0301\u0303\u0309\u0323"
_BASES = "aăâeêioôơuưy"
VIETNAMESE = frozenset(
    letter
    for base in _BASES
    for mark in ("", *_MARKS)
    for plain in (unicodedata.normalize("NFC", base + mark),)
    for letter in (plain, plain.upper())
) | set("đĐ")
_PUNCTUATION = frozenset("–—‘’“”…·•°§\u00a0")
# the bytes of TCVN3 (ABC), and those among them that are no letter in any Unicode text
_TCVN3_BYTES = frozenset(
    [*range(0xA1, 0xAF), *range(0xB5, 0xBA), *range(0xBB, 0xBF), *range(0xC6, 0xD9), *range(0xDC, 0xE0),
     *range(0xE1, 0xEB), *range(0xEB, 0xF0), *range(0xF1, 0xFF)]
)  # fmt: skip
_TCVN3_SIGNS = frozenset("¡¢£¤¥¦§¨©ª«¬\u00ad®¶·¸¹»¼½¾µ×÷")
_LATIN = frozenset(chr(code) for code in range(0xA1, 0x100)) - VIETNAMESE - _PUNCTUATION
_VNI = re.compile(r"[aeiouyAEIOUY][øûïåäëüöñØÛÏÅÄËÜÖ]|[aA][âêùõÂÊÙÕ]|[eE][âãùõÂÃÙÕ]|[oO][âÂ]|[ñÑ]")
LOOKED_AT = 1_000_000  # bytes


def looks_like(text: str) -> str | None:
    """ "tcvn3" or "vni" when a text only looks right in such a font ("NguyÔn V¨n An", "Nguyeãn Vaên An")."""
    if text.isascii():
        return None
    letters = set(text)
    if letters & _TCVN3_SIGNS:
        return "tcvn3"
    if _VNI.search(text):
        return "vni"
    return "tcvn3" if letters & _LATIN else None


def name_of(raw: bytes) -> str | None:
    """What a text that is not UTF-8 looks like."""
    sample = raw[:LOOKED_AT]
    if b"\0" in sample:
        return "UTF-16" if sample.count(b"\0") > len(sample) // 10 else None
    text = unicodedata.normalize("NFC", sample.decode("cp1258", "replace"))
    if all(c.isascii() or c in VIETNAMESE or c in _PUNCTUATION for c in text):
        return "CP1258"
    if looks_like(sample.decode("latin-1")) == "vni":
        return "VNI"
    high = {byte for byte in sample if byte >= 0x80}
    return "TCVN3 (ABC)" if high <= _TCVN3_BYTES else None
