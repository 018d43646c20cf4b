"""The report of a period on the work that was ordered, of the city or of a unit."""

from collections.abc import Mapping
from datetime import date

from gateway.papers import layout
from gateway.papers.layout import Heading
from kernel.working_time import TZ

CITY = "Thành phố Hồ Chí Minh"
CITY_BODY = ("ỦY BAN NHÂN DÂN", CITY.upper())
COMMUNE_LEVEL = ("ward", "commune", "special_zone")
CLASSES = {
    "completed_on_time": "Hoàn thành đúng hạn", "completed_late": "Hoàn thành trễ hạn",
    "in_progress_in_time": "Đang thực hiện, trong hạn", "in_progress_overdue": "Đang thực hiện, quá hạn",
    "revoked": "Đã thu hồi",
}  # fmt: skip
HEADS = (
    "Stt", "Đơn vị", "Kỳ trước chuyển sang", "Giao trong kỳ", "Hoàn thành đúng hạn", "Hoàn thành trễ hạn",
    "Đang thực hiện trong hạn", "Đang thực hiện quá hạn", "Thu hồi",
)  # fmt: skip
COLUMNS = ("carried_over", "given", "completed_on_time", "completed_late", "in_progress_in_time", "in_progress_overdue",
           "revoked")  # fmt: skip


def pdf(report: Mapping, day: date) -> bytes:
    issuer, total = report["issuer"], report["total"]
    period = f"từ ngày {_day(report['from_day'])} đến ngày {_day(report['to_day'])}"
    at = report["as_of"].astimezone(TZ)
    heading = Heading(
        above=() if _is_committee(issuer) else CITY_BODY,
        body=_body(issuer), sign=f"BC-{_sign(issuer)}", place=_place(issuer), day=day, kind="BÁO CÁO",
        abstract=("Tình hình thực hiện nhiệm vụ được giao", f"({period})"),
    )  # fmt: skip
    to_do = total["carried_over"] + total["given"]
    story = [
        *layout.heading(heading),
        layout.text(
            f"{_name(issuer)} báo cáo tình hình thực hiện nhiệm vụ được giao {period}"
            f" (số liệu tính đến {at:%H} giờ {at:%M} phút, ngày {at:%d/%m/%Y}) như sau:"
        ),
        layout.section("I. TÌNH HÌNH CHUNG"),
        layout.text(
            f"Tổng số nhiệm vụ phải thực hiện trong kỳ: {_figure(to_do)}, gồm {_figure(total['carried_over'])}"
            f" từ kỳ trước chuyển sang và {_figure(total['given'])} giao trong kỳ. Trong đó:"
        ),
        *(layout.text(f"- {name}: {_figure(total[key])} nhiệm vụ{_part(total[key], to_do)};") for key, name in
          list(CLASSES.items())[:-1]),
        layout.text(f"- {CLASSES['revoked']}: {_figure(total['revoked'])} nhiệm vụ{_part(total['revoked'], to_do)}."),
    ]  # fmt: skip
    number = "II"
    if report["unit_id"] is None:
        story += [layout.section(f"{number}. KẾT QUẢ THEO ĐƠN VỊ"), _by_unit(report)]
        number = "III"
    story.append(layout.section(f"{number}. NHIỆM VỤ QUÁ HẠN"))
    story += _late(report)
    story.append(layout.ending(_recipients(issuer), _signer(issuer)))
    return layout.written(story, f"Báo cáo tình hình thực hiện nhiệm vụ {period}")


def _by_unit(report: Mapping):
    rows = [
        (place, unit["unit_name"], *(unit[name] for name in COLUMNS))
        for place, unit in enumerate(report["units"], start=1)
    ]
    whole = ("", "Tổng số", *(report["total"][name] for name in COLUMNS))
    return layout.table(HEADS, [*rows, whole], (10, 45, *[15.7] * 7))


def _late(report: Mapping) -> list:
    late, all_ = report["late"], report["total"]["in_progress_overdue"]
    if not late:
        return [layout.text("Không có nhiệm vụ quá hạn.")]
    told = f"Có {_figure(all_)} nhiệm vụ quá hạn" + (
        f"; {len(late)} nhiệm vụ quá hạn lâu nhất:" if all_ > len(late) else ":"
    )
    rows = [
        (place, each["title"], each["unit_name"], _day(each["due_on"]), each["days_late"])
        for place, each in enumerate(late, start=1)
    ]
    heads = ("Stt", "Nhiệm vụ", "Đơn vị chủ trì", "Hạn", "Số ngày làm việc quá hạn")
    return [layout.text(told), layout.table(heads, rows, (10, 70, 42, 23, 20))]


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _figure(count: int) -> str:
    """Thousands apart by a point; below ten with a zero before it, as in the State's papers."""
    return f"{count:02}" if 0 < count < 10 else f"{count:,}".replace(",", ".")


def _part(count: int, whole: int) -> str:
    return f" ({count * 100 / whole:.1f}%)".replace(".", ",") if whole else ""


# who issues it


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


def _name(issuer: Mapping) -> str:
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


def _signer(issuer: Mapping) -> tuple[str, ...]:
    if _is_committee(issuer):
        return ("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH")
    title = "CHÁNH VĂN PHÒNG" if issuer["unit_kind"] == "office" else issuer["signer_title"].upper()
    own = issuer["unit_name"].upper()
    return (title.removesuffix(own).strip() or title,)


def _recipients(issuer: Mapping) -> tuple[str, ...]:
    to = () if issuer["unit_kind"] == "committee" else ("Thường trực UBND Thành phố;",)
    also = () if issuer["unit_kind"] == "office" else ("Văn phòng UBND Thành phố;",)
    return (*to, *also, "Lưu: VT.")
