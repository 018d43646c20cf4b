"""The number by which the city's staff offices, and the files and machines that come from them, know a person."""

import re

is_employee_number = re.compile(r"[^\W_][\w.\-/]{0,63}").fullmatch
