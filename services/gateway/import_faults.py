"""What is wrong with a file that is imported, or with one of its rows: by code, in Vietnamese and in English."""

IMPORT_FAULTS = {
    # a cell
    "missing": ("Thiếu thông tin bắt buộc", "This is required"),
    "formula": ("Ô chứa công thức, hãy dán giá trị", "The cell holds a formula: paste its value"),
    "cell_error": ("Ô báo lỗi của bảng tính", "The cell holds a spreadsheet error"),
    "not_text": ("Ô không phải dạng văn bản (ngày tháng hoặc số lẻ)", "The cell is not plain text (a date?)"),
    "too_long": ("Nội dung quá dài", "Too long"),
    "looks_like_tcvn3": (
        "Có vẻ là chữ theo bảng mã TCVN3 (phông .VnTime), hãy chuyển sang Unicode",
        "This looks like TCVN3 (.VnTime): convert it to Unicode",
    ),
    "looks_like_vni": (
        "Có vẻ là chữ theo bảng mã VNI, hãy chuyển sang Unicode", "This looks like VNI: convert it to Unicode",
    ),
    "not_a_code": ("Mã không hợp lệ", "Not a valid code"),
    "not_an_email": ("Địa chỉ thư điện tử không hợp lệ", "Not a valid e-mail address"),
    "not_a_phone": ("Số điện thoại không hợp lệ", "Not a valid telephone number"),
    "not_a_number": ("Phải là số nguyên từ 1 đến 9999", "A whole number from 1 to 9999 is expected"),
    "not_yes_or_no": ("Chỉ nhận có hoặc không", "Yes or no is expected"),
    "unknown_word": ("Không có loại này", "There is no such kind"),
    "not_a_date": ("Không phải ngày hợp lệ (dd/mm/yyyy)", "Not a date (dd/mm/yyyy)"),
    "not_a_percentage": ("Phải là số nguyên từ 0 đến 100", "A whole number from 0 to 100 is expected"),
    "yet_to_come": ("Ngày này chưa đến", "That day is yet to come"),
    "before_given": ("Trước ngày giao nhiệm vụ", "Before the day on which the task was given"),
    "state_not_imported": ("Không nhập nhiệm vụ ở trạng thái này", "Tasks in this state are not imported"),
    # a row
    "ambiguous_unit": ("Tên này chỉ nhiều đơn vị, hãy ghi mã đơn vị", "Several units are called so: give the code"),
    "unit_without_head": ("Đơn vị chưa có người đứng đầu", "Nobody heads this unit"),
    "one_unit": ("Mỗi dòng chỉ một đơn vị chủ trì", "A line has one unit that leads"),
    "unit_twice": ("Đơn vị xuất hiện nhiều lần trong dòng", "A unit occurs twice in the line"),
    "support_of_each": (
        "Nhiệm vụ giao riêng từng đơn vị thì không có đơn vị phối hợp", "Where each answers for itself nobody supports",
    ),
    "differs_in_order": ("Khác với dòng đầu của cùng mã nhiệm vụ", "Differs from the first line of this code"),
    # a row against the tasks that are here
    "other_lead": ("Mã này đã có ở đây với đơn vị chủ trì khác", "Here another unit leads the task of this code"),
    "other_units": ("Đơn vị phối hợp khác với hiện có", "Other units take part here"),
    "given_here": ("Nhiệm vụ được giao trên hệ thống, không sửa bằng tệp", "Given here: no file changes it"),
    "followed_here": (
        "Nhiệm vụ đã được xử lý tiếp trên hệ thống, không sửa bằng tệp", "It has gone on here: no file changes it",
    ),
    "wrong_number_of_cells": ("Dòng có nhiều ô hơn số cột", "The row has more cells than there are columns"),
    "duplicate_key": ("Mã này xuất hiện nhiều lần trong tệp", "This occurs more than once in the file"),
    "no_primary": ("Người này chưa có dòng chức vụ chính", "There is no line with the primary post"),
    "unknown_unit": ("Không có đơn vị này", "There is no such unit"),
    "unknown_post": ("Đơn vị không có chức vụ này", "The unit has no such post"),
    "ambiguous_post": ("Đơn vị có nhiều chức vụ loại này, hãy ghi chức danh", "Several are of this kind: name one"),
    # a row against the directory
    "outside_unit": ("Nằm ngoài đơn vị đang nhập", "Outside the unit that the import is about"),
    "code_ended": ("Mã của một đơn vị đã chấm dứt", "The code of a unit that has ended"),
    "second_root": ("Chỉ một đơn vị được không có cấp trên", "Only one unit may have none above it"),
    "unit_misplaced": ("Loại đơn vị này không đặt ở đây được", "A unit of this kind does not stand there"),
    "kind_changes": ("Không đổi được loại đơn vị", "A unit stays of its kind"),
    "cycle": ("Đơn vị trở thành cấp trên của chính nó", "The unit would be above itself"),
    "unit_in_use": ("Đơn vị còn chức vụ hoặc đơn vị trực thuộc", "The unit still has posts or units below it"),
    "post_misplaced": ("Loại đơn vị này không có chức vụ đó", "There is no such post in such a unit"),
    "second_head": ("Đơn vị sẽ có hai người đứng đầu", "The unit would have two heads"),
    "post_in_use": ("Chức vụ còn người giữ", "Somebody still holds the post"),
    "post_held": ("Chức vụ đứng đầu chỉ một người giữ", "A post that heads a unit has one holder"),
    "email_taken": ("Thư điện tử của người chưa có mã số trong danh bạ", "The address of somebody without a number"),
    "planned_change": ("Người này đã có thay đổi chức vụ được định trước", "A change of post is planned already"),
    # a file
    "wrong_encoding": ("Tệp không phải Unicode, hãy lưu dạng CSV UTF-8", "Not Unicode: save it as CSV UTF-8"),
    "not_csv": ("Tệp không phải CSV hợp lệ", "Not a valid CSV"),
    "not_a_spreadsheet": ("Tệp không phải bảng tính XLSX hợp lệ", "Not a valid XLSX spreadsheet"),
    "encrypted_or_old": (
        "Tệp có mật khẩu hoặc thuộc định dạng .xls cũ, hãy lưu dạng .xlsx", "Encrypted, or .xls: save it as .xlsx",
    ),
    "macros": ("Không nhận bảng tính có macro", "Spreadsheets with macros are not taken"),
    "external_links": ("Không nhận bảng tính liên kết ra ngoài", "Spreadsheets with links to elsewhere are not taken"),
    "zip_bomb": ("Tệp nén giải ra quá lớn", "The file would become too large when unpacked"),
    "xml_entities": ("Bảng tính chứa định nghĩa XML không được phép", "The spreadsheet defines XML entities"),
    "too_many_lines": ("Tệp có quá nhiều dòng", "Too many lines"),
    "too_many_columns": ("Tệp có quá nhiều cột", "Too many columns"),
    "no_lines": ("Tệp không có dòng dữ liệu", "There are no lines with data"),
    "columns_missing": ("Thiếu cột bắt buộc", "Required columns are missing"),
    "duplicate_header": ("Hai cột cùng một ý nghĩa", "Two columns stand for the same"),
    "unknown_mapping": ("Ánh xạ cột không khớp với tệp", "The mapping does not fit the file"),
    "too_costly": ("Tệp đòi hỏi quá nhiều bộ nhớ", "The file needs too much memory"),
    "incomplete": ("Tệp đến không đầy đủ", "The file did not arrive whole"),
    "process_died": ("Việc nhập bị gián đoạn, không có gì thay đổi", "The import broke off: nothing was changed"),
}  # fmt: skip


def describe(code: str, language: str) -> str:
    vietnamese, english = IMPORT_FAULTS[code]
    return english if language == "en" else vietnamese


def tell(faults: list[dict], language: str) -> None:
    """Each with what it means."""
    for fault in faults:
        fault["message"] = describe(fault["code"], language)
