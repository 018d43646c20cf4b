"""What the files that come in and go out have in their columns, and how each cell is read.

A file is about `units`, `posts` or `people`. People stand in it once for each post that they hold: one line for the
primary post, one for each other.
"""

from directory.domain.employees import is_employee_number
from kernel.columns import Column

UNIT_WORDS = {
    "committee": "Ủy ban", "office": "Văn phòng", "department": "Sở", "ward": "Phường", "commune": "Xã",
    "special_zone": "Đặc khu", "division": "Phòng ban",
}  # fmt: skip
POST_WORDS = {
    "chairman": "Chủ tịch Thành phố", "vice_chairman": "Phó Chủ tịch Thành phố",
    "standing_member": "Ủy viên Thường trực", "chief_of_office": "Chánh Văn phòng",
    "deputy_chief_of_office": "Phó Chánh Văn phòng", "office_clerk": "Văn thư Văn phòng", "head": "Trưởng đơn vị",
    "deputy_head": "Phó trưởng đơn vị", "secretary": "Thư ký", "clerk": "Văn thư", "division_head": "Trưởng phòng",
    "deputy_division_head": "Phó trưởng phòng", "official": "Chuyên viên", "administrator": "Quản trị viên",
    "auditor": "Kiểm soát viên",
}  # fmt: skip

_UNIT_CODE = ("Mã đơn vị", "đơn vị", "unit code", "unit")
COLUMNS: dict[str, tuple[Column, ...]] = {
    "units": (
        Column("code", ("Mã đơn vị", "mã", "unit code"), "code", required=True),
        Column("kind", ("Loại đơn vị", "loại", "unit kind"), "word", required=True, words=UNIT_WORDS),
        Column("name", ("Tên ngắn", "tên gọi", "tên", "short name"), required=True),
        Column("full_name", ("Tên đầy đủ", "tên đơn vị"), required=True),
        Column("full_name_en", ("Tên tiếng Anh", "english name")),
        Column("parent_code", ("Mã đơn vị cấp trên", "mã cấp trên", "đơn vị cấp trên", "parent"), "code"),
    ),
    "posts": (
        Column("unit_code", _UNIT_CODE, "code", required=True),
        Column("kind", ("Loại chức vụ", "loại", "post kind"), "word", required=True, words=POST_WORDS),
        Column("title", ("Chức danh", "tên chức vụ", "chức vụ", "post title"), required=True),
        Column("number", ("Số thứ tự", "no"), "number"),
        Column("is_head", ("Đứng đầu", "là người đứng đầu", "head"), "flag"),
        Column("rank", ("Thứ bậc", "cấp bậc"), "number"),
    ),
    "people": (
        Column("employee_number", ("Mã số cán bộ", "mã cán bộ", "mã nhân viên", "số hiệu công chức", "số hiệu",
                                   "staff number"), "code", required=True, is_code=is_employee_number),
        Column("name", ("Họ và tên", "họ tên", "tên", "full name"), required=True),
        Column("phone", ("Điện thoại", "số điện thoại", "điện thoại cơ quan", "telephone"), "phone",
               optional=True),
        Column("mobile", ("Di động", "điện thoại di động", "số di động", "mobile phone"), "phone",
               optional=True),
        Column("email", ("Thư điện tử", "địa chỉ email", "e-mail"), "email", optional=True),
        Column("room", ("Phòng làm việc", "số phòng"), longest=50, optional=True),
        Column("unit_code", _UNIT_CODE, "code", required=True),
        Column("post_kind", ("Loại chức vụ",), "word", required=True, words=POST_WORDS),
        Column("post_title", ("Chức danh", "tên chức vụ", "chức vụ", "title"),),
        Column("post_number", ("Số thứ tự chức vụ",), "number"),
        Column("primary", ("Chức vụ chính", "chính", "primary post"), "flag"),
    ),
}  # fmt: skip
