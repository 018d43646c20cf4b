"""Files of results and reports: who may see the piece may have them."""

from chassis.contract import Procedure
from contracts.files import GrantedFile, GrantFile

grant_file = Procedure(
    "tasks", "grant_file", GrantFile, GrantedFile, "A word to messaging that the actor may read a file."
)  # fmt: skip
