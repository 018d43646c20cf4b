"""Posts: how senior they are. Lists of people show the senior first."""

RANKS = {
    "chairman": 10,
    "vice_chairman": 20,
    "standing_member": 30,
    "chief_of_office": 40,
    "head": 50,
    "deputy_chief_of_office": 60,
    "deputy_head": 70,
    "division_head": 80,
    "deputy_division_head": 90,
    "secretary": 100,
    "office_clerk": 110,
    "clerk": 110,
    "administrator": 120,
    "auditor": 120,
    "official": 130,
}
DEPUTIES = frozenset({"vice_chairman", "deputy_chief_of_office", "deputy_head", "deputy_division_head"})
