"""The one table of every code that can reach a client: its HTTP status, what it says in Vietnamese and in English."""

import re

from chassis.http import Problem

PROBLEMS: dict[str, tuple[int, str, str]] = {
    # the request itself
    "bad_request": (400, "Yêu cầu không đọc được", "The request cannot be understood"),
    "invalid_json": (400, "Nội dung gửi lên không phải JSON hợp lệ", "The body is not valid JSON"),
    "idempotency_key_required": (
        400, "Thiếu tiêu đề Idempotency-Key", "The Idempotency-Key header is required",
    ),
    "method_not_allowed": (405, "Không dùng được phương thức này ở đây", "This method is not allowed here"),
    "request_timeout": (408, "Yêu cầu gửi đến quá chậm", "The request did not arrive in time"),
    "body_too_large": (413, "Nội dung gửi lên quá lớn", "The body is too large"),
    "unsupported_media_type": (415, "Kiểu nội dung này không được chấp nhận", "This content type is not accepted"),
    "invalid_request": (422, "Yêu cầu có thông tin chưa đúng", "The request has faults"),
    "idempotency_key_reused": (
        422, "Khóa Idempotency-Key này đã dùng cho một yêu cầu khác",
        "This Idempotency-Key was used for another request",
    ),
    "if_match_required": (428, "Thiếu tiêu đề If-Match", "The If-Match header is required"),
    "stale_version": (412, "Dữ liệu đã thay đổi từ khi bạn xem", "It has changed since you read it"),
    # who asks
    "unauthenticated": (401, "Bạn chưa đăng nhập hoặc phiên đã hết hạn", "You are not signed in"),
    "wrong_credentials": (401, "Tên đăng nhập hoặc mật khẩu không đúng", "The user name or password is wrong"),
    "totp_required": (401, "Cần mã xác thực hai bước", "A one-time code is required"),
    "csrf_token_invalid": (403, "Thiếu hoặc sai mã chống giả mạo yêu cầu", "The CSRF token is missing or wrong"),
    "foreign_origin": (403, "Yêu cầu đến từ một trang khác", "The request comes from another site"),
    "not_authorised": (403, "Bạn không có thẩm quyền làm việc này", "You have no authority for this"),
    "unknown_capacity": (
        403, "Bạn không giữ chức vụ hoặc ủy quyền này", "You do not hold this post or delegation",
    ),
    # what it is about
    "not_found": (404, "Không tìm thấy", "Not found"),
    "wrong_state": (409, "Trạng thái hiện tại không cho phép việc này", "Not possible in the present state"),
    "unknown_audience": (422, "Không có danh sách nhận này", "There is no such audience"),
    "unknown_unit": (422, "Không có đơn vị này hoặc đơn vị chưa có người đứng đầu", "No such unit, or nobody heads it"),
    "unknown_post": (422, "Không có chức vụ này", "There is no such post"),
    "unit_twice": (422, "Đơn vị được nêu nhiều lần", "The unit is named more than once"),
    "unit_not_direct": (
        422, "Thành phố chỉ giao cho đơn vị trực thuộc", "The city orders only units directly below it",
    ),
    "role_not_in_mode": (
        422, "Khi từng đơn vị tự chịu trách nhiệm thì không có đơn vị phối hợp", "Nobody supports in this mode",
    ),
    "one_lead_needed": (422, "Việc chung cần đúng một đơn vị chủ trì, giao từng nơi ít nhất một", "A lead is needed"),
    "due_in_past": (422, "Hạn đã qua", "The deadline has passed"),
    "due_too_far": (422, "Hạn quá xa", "The deadline is too far away"),
    "due_after_task": (422, "Hạn của đơn vị sau hạn của nhiệm vụ", "A piece is due with its task at the latest"),
    # from outside identity systems; SCIM knows its own kinds of 400 (gateway.scim)
    "scim_invalid_filter": (400, "Bộ lọc không hợp lệ", "This filter is not valid, or not possible here"),
    "scim_too_many": (400, "Kết quả quá nhiều cho một lần trả lời", "Too much for one answer"),
    "scim_mutability": (400, "Thuộc tính này không thay đổi được", "This cannot be changed"),
    "scim_invalid_syntax": (400, "Nội dung không đúng cấu trúc", "The body has not the right structure"),
    "scim_invalid_path": (400, "Đường dẫn thuộc tính không hợp lệ", "This attribute path is not valid"),
    "scim_no_target": (400, "Không có giá trị nào khớp với đường dẫn", "The path leads to nothing"),
    "scim_invalid_value": (400, "Giá trị không hợp lệ", "A value is not valid"),
    "scim_uniqueness": (409, "Đã có người dùng khác mang tên này", "Another user has this name"),
    "scim_not_implemented": (501, "Không hỗ trợ thao tác này", "This is not supported"),
    "too_many_endings": (
        429, "Hôm nay hệ thống này đã ngừng quá nhiều tài khoản, cần người kiểm tra",
        "This client has taken away too many people today: somebody must look",
    ),
    # our side
    "internal_error": (500, "Hệ thống gặp lỗi", "Something went wrong on our side"),
    "reply_too_large": (500, "Hệ thống gặp lỗi", "Something went wrong on our side"),
    "invalid_token": (500, "Hệ thống gặp lỗi", "Something went wrong on our side"),
    "unknown_procedure": (503, "Chức năng này đang được nâng cấp", "This is being upgraded"),
    "directory_stale": (
        503, "Danh bạ chưa được cập nhật, hãy thử lại sau", "The directory is out of date: try again later",
    ),
    "overloaded": (503, "Hệ thống đang quá tải, hãy thử lại", "Too much to do at the moment: try again"),
    "deadline_exceeded": (503, "Hệ thống trả lời quá chậm, hãy thử lại", "The answer took too long: try again"),
    "service_unavailable": (503, "Dịch vụ tạm thời không hoạt động", "Not available at the moment"),
    "database_unavailable": (503, "Dịch vụ tạm thời không hoạt động", "Not available at the moment"),
}  # fmt: skip

# what an order's `warnings` say, by their code
WARNINGS = {
    "due_moved": (
        "Hạn rơi vào ngày nghỉ, đã chuyển về ngày làm việc liền trước", "Moved to the working day before",
    ),
    "probable_duplicate": ("Có thể trùng với một nhiệm vụ đã giao chưa xong", "A similar order is still open"),
}  # fmt: skip

# what the schemas say about fields, in Vietnamese
FIELD_MESSAGES = [(re.compile(pattern), text) for pattern, text in (
    (r"Missing data for required field\.", "Thiếu thông tin bắt buộc."),
    (r"Field may not be null\.", "Không được để trống."),
    (r"Unknown field\.", "Không có trường này."),
    (r"Invalid input type\.", "Sai kiểu dữ liệu."),
    (r"Not a valid string\.", "Phải là một chuỗi ký tự hợp lệ."),
    (r"Not a valid integer\.", "Phải là một số nguyên."),
    (r"Not a valid number\.", "Phải là một số."),
    (r"Number too large\.", "Số quá lớn."),
    (r"Not a valid boolean\.", "Phải là true hoặc false."),
    (r"Not a valid UUID\.", "Mã định danh không hợp lệ."),
    (r"Not a valid date\.", "Ngày không hợp lệ."),
    (r"Not a valid (aware )?datetime\.", "Thời điểm không hợp lệ."),
    (r"Not a valid list\.", "Phải là một danh sách."),
    (r"Must be one of: (.+)\.", r"Phải là một trong: \1."),
    (r"Must be equal to True\.", "Chỉ nhận giá trị true."),
    (r"Must be equal to (.+)\.", r"Phải bằng \1."),
    (r"Length must be between (\d+) and (\d+)\.", r"Phải có từ \1 đến \2 ký tự hoặc phần tử."),
    (r"Longer than maximum length (\d+)\.", r"Nhiều nhất \1 ký tự hoặc phần tử."),
    (r"Shorter than minimum length (\d+)\.", r"Ít nhất \1 ký tự hoặc phần tử."),
    (r"Must be greater than or equal to (\S+?)( and less than or equal to (\S+))?\.", "Giá trị nằm ngoài giới hạn."),
    (r"Must be less than or equal to (\S+)\.", "Giá trị nằm ngoài giới hạn."),
    (r"Give either audience or assignments\.", "Nêu đúng một trong hai: danh sách nhận, hoặc từng đơn vị."),
    (r"Give exactly one of due_on, due_at and no_deadline\.", "Nêu đúng một trong: ngày hạn, giờ hạn, không có hạn."),
    (r"Give this parameter once\.", "Chỉ nêu tham số này một lần."),
    (r"Give one ETag, or \*\.", "Nêu một ETag, hoặc *."),
    (r"Null characters are not allowed\.", "Không được có ký tự rỗng."),
    (r"Not a cursor\.", "Con trỏ trang không hợp lệ."),
)]  # fmt: skip


def describe(code: str, language: str) -> Problem | None:
    if code not in PROBLEMS:
        return None
    status, vietnamese, english = PROBLEMS[code]
    return Problem(status, english if language == "en" else vietnamese)


def describe_field(message: str, language: str) -> str:
    """A message that has no translation stays English: better than nothing, and a test keeps the list whole."""
    if language != "en":
        for pattern, text in FIELD_MESSAGES:
            if match := pattern.fullmatch(message):
                return match.expand(text)
    return message


def describe_warning(warning: dict, language: str) -> str:
    vietnamese, english = WARNINGS.get(warning["code"], (warning["message"],) * 2)
    return english if language == "en" else vietnamese
