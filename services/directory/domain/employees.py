"""The number by which the city's staff offices, and the files and machines that come from them, know a person.

It is the same in capitals and in small letters.
"""

import re

is_employee_number = re.compile(r"[^\W_][\w.\-/]{0,63}").fullmatch


def bare(number: str) -> str:
    """What two spellings of one number have in common."""
    return number.lower()
