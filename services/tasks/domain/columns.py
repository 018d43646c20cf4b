"""What a file of tasks has in its columns, coming in and going out: one line for each unit that leads."""

from kernel.columns import Column

SOURCE_WORDS = {
    "government_office": "Văn phòng Chính phủ", "city_party_committee": "Thành ủy",
    "pc_party_committee": "Đảng ủy UBND Thành phố", "city_pc": "UBND Thành phố",
}  # fmt: skip
URGENCY_WORDS = {"normal": "Thường", "urgent": "Khẩn", "very_urgent": "Thượng khẩn", "express": "Hỏa tốc"}
STATE_WORDS = {
    "assigned": "Chưa tiếp nhận", "in_progress": "Đang thực hiện", "declined": "Từ chối tiếp nhận",
    "result_submitted": "Đã trình kết quả", "suspended": "Tạm dừng", "completed": "Hoàn thành",
    "revoked": "Đã thu hồi", "archived": "Đã nộp lưu",
}  # fmt: skip
ALSO_STATES = {
    "mới giao": "assigned", "chưa thực hiện": "assigned", "chờ tiếp nhận": "assigned", "đang xử lý": "in_progress",
    "đang triển khai": "in_progress", "chờ duyệt": "result_submitted", "chờ phê duyệt": "result_submitted",
    "đã hoàn thành": "completed",
}  # fmt: skip
GRADE_WORDS = {"not_met": "Không đạt", "met": "Đạt", "good": "Tốt", "excellent": "Xuất sắc"}


def _says(name: str, *headers: str, kind: str = "long", longest: int = 500, **more) -> Column:
    """An empty cell says nothing, and `-` that there is none."""
    return Column(name, headers, kind, longest=longest, optional=True, **more)


COLUMNS: tuple[Column, ...] = (
    Column("code", ("Mã nhiệm vụ", "mã", "mã nv", "mã số nhiệm vụ"), "long", required=True, longest=60),
    Column("title", ("Nhiệm vụ", "nội dung nhiệm vụ", "tên nhiệm vụ", "việc được giao"), required=True, longest=300),
    _says("content", "Nội dung chi tiết", "nội dung", "diễn giải", longest=20_000),
    _says("expected_result", "Sản phẩm", "sản phẩm yêu cầu", "sản phẩm dự kiến", longest=2_000),
    _says("document_number", "Văn bản số", "số văn bản", "số hiệu văn bản", "số ký hiệu", longest=100),
    _says("document_issued_on", "Ngày văn bản", "ngày ban hành", kind="date"),
    _says("clause", "Khoản", "điều khoản", "điểm khoản", longest=200),
    _says("source", "Nguồn giao", "nguồn", kind="word", words=SOURCE_WORDS),
    _says("field", "Lĩnh vực", longest=100),
    _says("urgency", "Độ khẩn", kind="word", words=URGENCY_WORDS),
    Column("lead", ("Đơn vị chủ trì", "chủ trì", "cơ quan chủ trì"), "long", required=True, longest=500),
    _says("support", "Đơn vị phối hợp", "phối hợp", "cơ quan phối hợp", longest=10_000),
    _says("inform", "Đơn vị nhận để biết", "nhận để biết", longest=10_000),
    _says("assigned_on", "Ngày giao", "ngày giao việc", kind="date"),
    _says("due_on", "Hạn hoàn thành", "hạn", "thời hạn", "hạn xử lý", kind="date"),
    _says("original_due_on", "Hạn gốc", "hạn ban đầu", kind="date"),
    _says("state", "Trạng thái", "tình trạng", kind="word", words=STATE_WORDS, also=ALSO_STATES),
    _says("percent", "Tiến độ (%)", "tiến độ", "tỷ lệ hoàn thành", kind="percent"),
    _says("progress", "Tình hình thực hiện", "tiến độ thực hiện", longest=20_000),
    _says("result", "Kết quả", "kết quả thực hiện", longest=20_000),
    _says("result_number", "Văn bản kết quả số", "số văn bản kết quả", longest=100),
    _says("result_issued_on", "Ngày văn bản kết quả", kind="date"),
    _says("submitted_on", "Ngày trình kết quả", "ngày hoàn thành", kind="date"),
    _says("grade", "Mức độ hoàn thành", "xếp loại", kind="word", words=GRADE_WORDS),
)  # fmt: skip
BY_NAME = {column.name: column for column in COLUMNS}
LONGEST_CELL = 20_000  # characters
