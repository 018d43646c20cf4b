"""Who issues a paper: under which heading, in whose name, and to whom it goes. An issuer has `unit_name`, `unit_kind`
and `signer_title`.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from gateway.papers.layout import Heading

CITY = "Thành phố Hồ Chí Minh"
CITY_BODY = ("ỦY BAN NHÂN DÂN", CITY.upper())
COMMUNE_LEVEL = ("ward", "commune", "special_zone")


def headed(issuer: Mapping, day: date, kind: str, abstract: Sequence[str]) -> Heading:
    return Heading(
        above=() if _is_committee(issuer) else CITY_BODY,
        body=_body(issuer), sign=f"BC-{_sign(issuer)}", place=_place(issuer), day=day, kind=kind, abstract=abstract,
    )  # fmt: skip


def _is_committee(issuer: Mapping) -> bool:
    return issuer["unit_kind"] in (*COMMUNE_LEVEL, "committee")


def _body(issuer: Mapping) -> tuple[str, ...]:
    if issuer["unit_kind"] == "committee":
        return CITY_BODY
    if issuer["unit_kind"] == "office":
        return ("VĂN PHÒNG",)
    if issuer["unit_kind"] in COMMUNE_LEVEL:
        return ("ỦY BAN NHÂN DÂN", issuer["unit_name"].upper())
    return (issuer["unit_name"].upper(),)


def name(issuer: Mapping) -> str:
    if issuer["unit_kind"] == "committee":
        return f"Ủy ban nhân dân {CITY}"
    if issuer["unit_kind"] in COMMUNE_LEVEL:
        return f"Ủy ban nhân dân {issuer['unit_name']}"
    return issuer["unit_name"]


def _sign(issuer: Mapping) -> str:
    """The short name of who issues it."""
    if _is_committee(issuer):
        return "UBND"
    if issuer["unit_kind"] == "office":
        return "VP"
    return "".join(word[0] for word in issuer["unit_name"].upper().split() if word not in ("VÀ", "-"))


def _place(issuer: Mapping) -> str:
    return issuer["unit_name"] if issuer["unit_kind"] in COMMUNE_LEVEL else CITY


def signer(issuer: Mapping) -> tuple[str, ...]:
    if _is_committee(issuer):
        return ("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH")
    title = "CHÁNH VĂN PHÒNG" if issuer["unit_kind"] == "office" else issuer["signer_title"].upper()
    own = issuer["unit_name"].upper()
    return (title.removesuffix(own).strip() or title,)


def recipients(issuer: Mapping) -> tuple[str, ...]:
    to = () if issuer["unit_kind"] == "committee" else ("Thường trực UBND Thành phố;",)
    also = () if issuer["unit_kind"] == "office" else ("Văn phòng UBND Thành phố;",)
    return (*to, *also, "Lưu: VT.")
