"""The ladders as they are until somebody changes them."""

from collections.abc import Mapping, Sequence

from reminders.domain.ladders import ACKNOWLEDGEMENT, ANSWER, DUE, RECEIPT

OWNER, FOLLOWERS, SUPERIOR, CHIEF_OF_OFFICE, EXCEPTION_BOARD, ANSWERS = (
    "owner", "followers", "superior", "chief_of_office", "exception_board", "answers",
)  # fmt: skip


def _always(span: Mapping) -> dict:
    return dict.fromkeys(("normal", "urgent", "very_urgent", "express"), span)


DEFAULT: Sequence[Mapping] = (
    {
        "name": "deadline",
        "title": "Nhắc theo hạn",
        "counts_from": DUE,
        "rungs": [
            {
                "name": "yellow",
                "after": _always({"days": -5}) | {"normal": {"days": -3}},
                "to": [OWNER, FOLLOWERS],
                "text": "Sắp đến hạn {due}: {unit} chưa trình kết quả.",
            },
            {
                "name": "red",
                "after": _always({"days": 0}),
                "to": [OWNER, FOLLOWERS, SUPERIOR],
                "text": "Đã quá hạn {due}: {unit} chưa trình kết quả.",
            },
            {
                "name": "deep_red",
                "after": _always({"days": 3}),
                "to": [OWNER, FOLLOWERS, SUPERIOR, CHIEF_OF_OFFICE, EXCEPTION_BOARD],
                "text": "Quá hạn {due} từ 3 ngày làm việc trở lên: {unit} chưa trình kết quả.",
            },
        ],
    },
    {
        "name": "unreceived",
        "title": "Nhắc tiếp nhận",
        "counts_from": RECEIPT,
        "rungs": [
            {
                "name": "unreceived",
                "after": _always({"days": 1}) | {"express": {"hours": 2}},
                "to": [OWNER, SUPERIOR, CHIEF_OF_OFFICE],
                "text": "{unit} chưa tiếp nhận việc được giao.",
            }
        ],
    },
    {
        "name": "answer",
        "title": "Nhắc quyết định, trả lời",
        "counts_from": ANSWER,
        "rungs": [
            {
                "name": "unanswered",
                "after": _always({"days": 0}),
                "to": [ANSWERS],
                "text": "Đã quá hạn quyết định, trả lời {due}: {unit} đang chờ.",
            }
        ],
    },
    {
        "name": "acknowledgement",
        "title": "Nhắc xác nhận chỉ đạo, đôn đốc",
        "counts_from": ACKNOWLEDGEMENT,
        "rungs": [
            {
                "name": "to_acknowledge",
                "after": _always({"days": -1}),
                "to": [ANSWERS],
                "text": "Sắp đến hạn xác nhận chỉ đạo, đôn đốc: {due}.",
            },
            {
                "name": "unacknowledged",
                "after": _always({"days": 0}),
                "to": [ANSWERS, SUPERIOR],
                "text": "{unit} chưa xác nhận chỉ đạo, đôn đốc, hạn {due}.",
            },
            {
                "name": "still_unacknowledged",
                "after": _always({"days": 2}),
                "to": [ANSWERS, SUPERIOR, CHIEF_OF_OFFICE],
                "text": "Quá hạn {due} từ 2 ngày làm việc: {unit} vẫn chưa xác nhận chỉ đạo, đôn đốc.",
            },
        ],
    },
)
