"""The report of a period on the work that was ordered, of the city or of a unit."""

from collections.abc import Mapping
from datetime import date

from gateway.papers import layout
from gateway.papers.issuing import headed, name, recipients, signer
from gateway.papers.layout import day_of, figure
from kernel.working_time import TZ

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
    period = f"từ ngày {day_of(report['from_day'])} đến ngày {day_of(report['to_day'])}"
    at = report["as_of"].astimezone(TZ)
    about = ("Tình hình thực hiện nhiệm vụ được giao", f"({period})")
    to_do = total["carried_over"] + total["given"]
    story = [
        *layout.heading(headed(issuer, day, "BÁO CÁO", about)),
        layout.text(
            f"{name(issuer)} báo cáo tình hình thực hiện nhiệm vụ được giao {period}"
            f" (số liệu tính đến {at:%H} giờ {at:%M} phút, ngày {at:%d/%m/%Y}) như sau:"
        ),
        layout.section("I. TÌNH HÌNH CHUNG"),
        layout.text(
            f"Tổng số nhiệm vụ phải thực hiện trong kỳ: {figure(to_do)}, gồm {figure(total['carried_over'])}"
            f" từ kỳ trước chuyển sang và {figure(total['given'])} giao trong kỳ. Trong đó:"
        ),
        *(layout.text(f"- {words}: {figure(total[key])} nhiệm vụ{_part(total[key], to_do)};") for key, words in
          list(CLASSES.items())[:-1]),
        layout.text(f"- {CLASSES['revoked']}: {figure(total['revoked'])} nhiệm vụ{_part(total['revoked'], to_do)}."),
    ]  # fmt: skip
    number = "II"
    if report["unit_id"] is None:
        story += [layout.section(f"{number}. KẾT QUẢ THEO ĐƠN VỊ"), _by_unit(report)]
        number = "III"
    story.append(layout.section(f"{number}. NHIỆM VỤ QUÁ HẠN"))
    story += _late(report)
    story.append(layout.ending(recipients(issuer), signer(issuer)))
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
    told = f"Có {figure(all_)} nhiệm vụ quá hạn" + (
        f"; {len(late)} nhiệm vụ quá hạn lâu nhất:" if all_ > len(late) else ":"
    )
    rows = [
        (place, each["title"], each["unit_name"], day_of(each["due_on"]), each["days_late"])
        for place, each in enumerate(late, start=1)
    ]
    heads = ("Stt", "Nhiệm vụ", "Đơn vị chủ trì", "Hạn", "Số ngày làm việc quá hạn")
    return [layout.text(told), layout.table(heads, rows, (10, 70, 42, 23, 20))]


def _part(count: int, whole: int) -> str:
    return f" ({count * 100 / whole:.1f}%)".replace(".", ",") if whole else ""
