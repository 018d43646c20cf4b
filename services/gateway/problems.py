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
    "wrong_password": (403, "Mật khẩu hiện tại không đúng", "The present password is wrong"),
    "wrong_code": (403, "Mã xác thực không đúng hoặc đã dùng", "The one-time code is wrong or was used"),
    "too_many_attempts": (
        429, "Sai quá nhiều lần, hãy thử lại sau ít phút", "Too many wrong guesses: try again in some minutes",
    ),
    "password_change_required": (
        403, "Bạn phải đổi mật khẩu dùng một lần trước khi tiếp tục", "Change the one-time password first",
    ),
    "totp_enrolment_required": (
        403, "Bạn phải thiết lập xác thực hai bước trước khi tiếp tục", "Set up two-step verification first",
    ),
    "csrf_token_invalid": (403, "Thiếu hoặc sai mã chống giả mạo yêu cầu", "The CSRF token is missing or wrong"),
    "foreign_origin": (403, "Yêu cầu đến từ một trang khác", "The request comes from another site"),
    "not_authorised": (403, "Bạn không có thẩm quyền làm việc này", "You have no authority for this"),
    "unknown_capacity": (
        403, "Bạn không giữ chức vụ hoặc ủy quyền này", "You do not hold this post or delegation",
    ),
    "fresh_sign_in_required": (
        403, "Việc này cần đăng nhập lại trước", "Sign in again first: this needs a fresh sign-in",
    ),
    # single sign-on
    "unknown_provider": (404, "Không có hệ thống định danh này", "There is no such identity provider"),
    "provider_unavailable": (
        503, "Hệ thống định danh không trả lời, hãy đăng nhập bằng mật khẩu", "The identity provider does not answer",
    ),
    "sign_in_expired": (
        400, "Lượt đăng nhập đã hết hạn hoặc đã dùng, hãy bắt đầu lại", "This sign-in is over or was used: begin anew",
    ),
    "sign_in_failed": (
        400, "Không xác nhận được danh tính, hãy bắt đầu lại", "Who you are could not be confirmed: begin anew",
    ),
    "sign_in_refused": (403, "Hệ thống định danh đã từ chối đăng nhập", "The identity provider refused the sign-in"),
    "unknown_identity": (
        403, "Danh tính này chưa được gắn với tài khoản nào", "This identity belongs to no account here",
    ),
    "identity_taken": (409, "Danh tính này thuộc về tài khoản khác", "This identity belongs to another account"),
    "identity_linked_already": (
        409, "Tài khoản đã gắn với một danh tính khác của hệ thống này", "The account has another identity there",
    ),
    "invalid_logout_token": (400, "Thông báo đăng xuất không hợp lệ", "The logout token is not valid"),
    # accounts
    "password_too_short": (422, "Mật khẩu phải có từ 12 đến 200 ký tự", "A password has 12 to 200 characters"),
    "password_common": (
        422, "Mật khẩu này quá phổ biến, dễ đoán", "This password is too common and easily guessed",
    ),
    "password_contextual": (
        422, "Mật khẩu không được dựa trên họ tên, tên đăng nhập, đơn vị hay tên hệ thống",
        "A password must not be made of one's name, user name, unit or the system's name",
    ),
    "password_unchanged": (422, "Mật khẩu mới trùng mật khẩu hiện tại", "It is the present password"),
    "second_official_needed": (
        403, "Cần một cán bộ khác với người đã đề nghị xác nhận",
        "Another official than the one who asked must confirm",
    ),
    "newly_appointed": (
        403, "Người mới nhận chức vụ chưa được đề nghị hay xác nhận việc này, hãy nhờ cán bộ khác",
        "Who took up his post so lately has no say in this: ask another official",
    ),
    "too_many_accounts": (
        422, "Quá nhiều tài khoản trong một lần, hãy chọn đơn vị nhỏ hơn",
        "Too many accounts at once: take smaller units",
    ),
    "administrator_exists": (409, "Đã có quản trị viên", "There is an administrator already"),
    "username_taken": (409, "Tên đăng nhập đã được dùng", "This user name is taken"),
    "employee_number_taken": (
        409, "Mã số cán bộ này thuộc về người khác", "Somebody else has this employee number",
    ),
    "person_in_post": (
        409, "Người này còn giữ hoặc sắp nhận chức vụ", "This person holds a post, or is to take one up",
    ),
    "account_not_ended": (409, "Hãy thu hồi tài khoản của người này trước", "Revoke this person's account first"),
    "reason_names_person": (
        422, "Lý do không được nêu tên người này: nhật ký giữ nguyên lý do", "The reason must not name the person",
    ),
    "person_erased": (409, "Tên của người này đã được xóa", "This person's name was erased"),
    # what it is about
    "not_found": (404, "Không tìm thấy", "Not found"),
    "wrong_state": (409, "Trạng thái hiện tại không cho phép việc này", "Not possible in the present state"),
    "search_too_deep": (422, "Có quá nhiều kết quả, hãy tìm cụ thể hơn", "Too many results: search for less"),
    "people_budget_spent": (
        429, "Hôm nay bạn đã xem quá nhiều người trong danh bạ, hãy tiếp tục vào ngày mai",
        "You have looked at too many people today: go on tomorrow",
    ),
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
    "recurrence_not_understood": (422, "Quy tắc lặp lại không hợp lệ", "This is no rule of recurrence"),
    "day_too_far": (422, "Ngày quá xa", "The day is too far away"),
    "recurrence_too_often": (
        422, "Hai lần nhắc phải cách nhau ít nhất một giờ", "There is at least an hour between two occurrences",
    ),
    "recurrence_too_long": (
        422, "Quy tắc lặp lại quá dài: tối đa 1000 lần hoặc 20 năm", "A thousand times or twenty years at most",
    ),
    "recurrence_never_comes": (422, "Không có ngày nào khớp quy tắc lặp lại", "No day fits this rule of recurrence"),
    "time_has_passed": (422, "Thời điểm này đã qua", "This time has passed"),
    "no_such_occurrence": (422, "Việc nhắc không có lần nào vào lúc đó", "It does not come at that time"),
    "no_deadline_to_follow": (
        422, "Không có hạn nào sắp tới để nhắc trước: hãy chọn một phần việc còn hạn",
        "There is no deadline to come that it could follow: name one piece of work",
    ),
    "too_many_reminders": (
        422, "Bạn đã có quá nhiều việc nhắc đang chờ", "Too many of your reminders are waiting already",
    ),
    "invitation_not_understood": (
        422, "Tệp lịch không đọc được hoặc không có sự kiện", "This is no calendar file with events",
    ),
    "invitation_too_large": (422, "Tệp lịch có quá nhiều sự kiện", "The calendar file has too many events"),
    "unknown_time_zone": (422, "Múi giờ trong tệp lịch không xác định được", "The file names an unknown time zone"),
    "wrong_period": (422, "Khoảng thời gian không hợp lệ", "Not a period of three years at most"),
    "as_of_in_future": (422, "Ngày chốt số liệu chưa đến", "That day is yet to come"),
    "due_in_past": (422, "Hạn đã qua", "The deadline has passed"),
    "due_too_far": (422, "Hạn quá xa", "The deadline is too far away"),
    "due_after_task": (422, "Hạn của đơn vị sau hạn của nhiệm vụ", "A piece is due with its task at the latest"),
    "due_after_parent": (
        422, "Hạn của phần việc giao tiếp sau hạn của phần việc cấp trên", "What is passed on is due with its parent",
    ),
    "proposed_unit_needed": (422, "Cần nêu đơn vị được đề nghị thực hiện", "Say whose work it is instead"),
    "own_result": (
        403, "Không ai được tự quyết định về kết quả do mình trình hoặc của đơn vị mình",
        "Nobody decides on a result that is his own or his unit's",
    ),
    "circular_assignment": (
        422, "Không thể giao ngược lại cho cấp đã giao việc này", "This post is above in the same chain",
    ),
    "unit_not_below": (
        422, "Chỉ giao tiếp cho bộ phận, công chức thuộc đơn vị mình", "Work is passed on inside one's own unit",
    ),
    "unit_stands": (
        409, "Đơn vị vẫn đang hoạt động, không chuyển việc của đơn vị đi nơi khác được",
        "This unit was not dissolved: its work is its own",
    ),
    "unit_owes_nothing": (
        422,
        "Đơn vị này không phối hợp thực hiện hoặc đã trả lời",
        "This unit does not support the work, or has answered",
    ),
    "due_on_needed": (
        422, "Hạn đã qua: hãy nêu hạn mới hoặc xác nhận giữ nguyên hạn",
        "The deadline has passed: say another, or that it stands",
    ),
    "day_in_future": (422, "Ngày chưa đến", "The day has not come yet"),
    "no_deadline": (409, "Phần việc này không có hạn để gia hạn", "There is no deadline to extend"),
    "extension_pending": (
        409, "Đang có một đề nghị gia hạn chưa được quyết định", "A request for more time is not decided yet",
    ),
    "extension_not_later": (422, "Hạn đề nghị không sau hạn hiện hành", "Not later than the present deadline"),
    "unknown_assignment": (
        422, "Không có phần việc cấp dưới đang mở nào như vậy", "There is no such open piece below this one",
    ),
    "already_decided": (409, "Việc này đã được quyết định", "It was decided already"),
    "no_such_level": (
        422, "Không có cấp này ở trên phần việc để quyết định", "There is no such level above this piece to decide",
    ),
    "urging_open": (
        409, "Đã có đôn đốc cùng loại chưa được trả lời", "The same is asked already, and not answered yet",
    ),
    # directives
    "nothing_is_asked": (409, "Tin nhắn thường không yêu cầu xác nhận", "An ordinary message asks nobody"),
    "nobody_to_direct": (
        422, "Không có ai tham gia mà bạn có thẩm quyền chỉ đạo", "Nobody takes part whom you may direct",
    ),
    "asked_outside": (
        422, "Có chức vụ được yêu cầu không tham gia cuộc trao đổi này", "Somebody who is asked takes no part here",
    ),
    "not_to_be_directed": (
        403, "Có chức vụ bạn không có thẩm quyền chỉ đạo", "You have no authority to direct some of them",
    ),
    "too_many_asked": (422, "Mỗi lần yêu cầu tối đa 200 chức vụ", "At most 200 posts are asked at once"),
    "answer_by_out_of_range": (
        422, "Hạn trả lời phải sau lúc này và trong vòng một năm", "An answer is due after now and within a year",
    ),
    "urge_the_task": (
        409, "Việc này được đôn đốc ở nhiệm vụ, và tự hiện trong cuộc trao đổi",
        "Urge the task: the urging then stands in its conversation, too",
    ),
    "answer_the_urging": (
        409, "Đôn đốc này được trả lời ở nhiệm vụ", "This urging is answered on its task",
    ),
    "message_withdrawn": (409, "Tin nhắn đã được thu hồi", "The message was withdrawn"),
    "correction_pending": (
        409, "Đang có một đề nghị đính chính chưa được quyết định", "A correction is not decided yet",
    ),
    "correction_impossible": (
        422, "Không thể đính chính như vậy", "This fact cannot be put right in this way",
    ),
    "fact_changed": (
        409, "Thông tin đã thay đổi sau khi đề nghị đính chính",
        "The fact has changed since the correction was proposed",
    ),
    "own_correction": (
        403, "Người đề nghị đính chính không được tự quyết định",
        "Nobody decides on a correction that he himself proposed",
    ),
    "superior_decides": (
        409, "Nhiệm vụ do cấp trên giao: chỉ cấp trên quyết định gia hạn",
        "The task came from above: only the superior moves its date",
    ),
    "due_after_superior": (
        422, "Hạn sau hạn của cấp trên giao", "The deadline is later than the superior's",
    ),
    "state_secret": (
        422, "Không đưa văn bản có độ mật vào hệ thống này", "State secrets do not belong here",
    ),
    "document_known": (409, "Văn bản này đã được vào sổ", "This document was entered already"),
    "unknown_clause": (422, "Văn bản không có điểm, khoản này", "The document has no such clause"),
    "clause_assigned": (
        409, "Điểm, khoản này đã được giao hoặc đang soạn dự thảo", "This clause is an order already, or drafted",
    ),
    "orders_open": (
        409, "Còn nhiệm vụ chưa kết thúc từ văn bản này: hãy thu hồi trước",
        "Orders from it are open: revoke them first",
    ),
    "drafts_open": (
        409, "Còn dự thảo giao việc từ văn bản này: hãy hủy dự thảo trước",
        "Orders from it are drafted: discard the drafts first",
    ),
    "own_report": (
        403, "Người lập báo cáo không được tự duyệt", "Nobody approves a report that he himself drafted",
    ),
    "report_too_long": (
        422, "Có quá nhiều nhiệm vụ cho một báo cáo: hãy chọn ngày bắt đầu hoặc một văn bản",
        "Too many tasks for one report: say since when, or choose a document",
    ),
    "already_parked": (
        409, "Một dòng khác đang chờ bổ sung có cùng mã và đơn vị",
        "Another line to be completed has this code and unit",
    ),
    "unknown_document": (422, "Không có văn bản này từ nơi gửi đó", "There is no such document from this source"),
    "import_has_faults": (
        409, "Tệp còn dòng sai hoặc mâu thuẫn, chưa thể áp dụng", "Rows of the file are wrong: it cannot be applied",
    ),
    # messages
    "too_many_messages": (
        429, "Bạn gửi quá nhanh, hãy chờ một chút", "You are too fast: wait a little",
    ),
    "too_many_versions": (
        409, "Tin nhắn đã được sửa quá nhiều lần", "This message was edited too many times",
    ),
    "mention_outside": (
        422, "Người hoặc đơn vị được nhắc tên không tham gia cuộc trò chuyện này",
        "Who is mentioned does not take part in this conversation",
    ),
    "too_many_to_mention": (
        403, "Cuộc trò chuyện quá đông: chỉ người chịu trách nhiệm được nhắc tất cả",
        "So many take part that only who is responsible mentions all",
    ),
    "unknown_message": (
        422, "Không có tin nhắn này trong cuộc trò chuyện", "There is no such message in this conversation",
    ),
    "message_cannot_change": (
        409, "Chỉ đạo và đôn đốc không sửa, không xóa được, chỉ thu hồi; tin nhắn khác thì không thu hồi",
        "Directives and urgings are withdrawn, never edited or removed; other messages are not withdrawn",
    ),
    "message_ended": (409, "Tin nhắn đã bị xóa hoặc thu hồi", "The message was removed or withdrawn"),
    "message_too_old": (
        409, "Đã quá thời gian được sửa hoặc xóa tin nhắn", "Too much time has passed to edit or remove it",
    ),
    # announcements
    "own_announcement": (
        403, "Người soạn thông báo không được tự duyệt", "Nobody approves an announcement that he himself wrote",
    ),
    "nothing_to_acknowledge": (
        409, "Thông báo này không yêu cầu xác nhận", "This announcement does not ask to be acknowledged",
    ),
    # files
    "file_type_refused": (
        422, "Không nhận loại tệp này, hoặc nội dung không đúng với tên tệp",
        "Files of this kind are not taken in, or the content is not what the name says",
    ),
    "file_infected": (422, "Tệp có mã độc và đã bị gỡ", "The file is infected and was removed"),
    "file_not_scanned": (
        503, "Tệp đang chờ quét mã độc, hãy thử lại sau", "The file waits to be scanned: try again later",
    ),
    "unknown_file": (422, "Không có tệp này trong số các tệp bạn đã tải lên", "You have uploaded no such file"),
    "too_many_files": (
        429, "Bạn có quá nhiều tệp chưa đính kèm vào đâu, hãy thử lại sau",
        "Too many of your files are attached to nothing: try again later",
    ),
    "too_many_uploads": (
        429, "Tệp này đã được tải lên quá nhiều lần mà chưa xong, hãy thử lại sau",
        "This file was sent too often without arriving: try again later",
    ),
    "storage_full": (507, "Kho tệp đã đầy", "The store of files is full"),
    "storage_unavailable": (503, "Kho tệp tạm thời không dùng được", "The store of files does not answer"),
    "scanner_unavailable": (
        503, "Hệ thống quét mã độc không trả lời, hãy thử lại sau", "The scanner does not answer: try again later",
    ),
    "unknown_column": (422, "Không có cột này", "There is no such column"),
    "too_many_to_export": (
        422, "Quá nhiều dòng để xuất, hãy thu hẹp điều kiện lọc", "Too many lines to take out: choose fewer",
    ),
    # conversations
    "direct_is_between_two": (
        422, "Trao đổi riêng chỉ giữa hai người", "A direct conversation is between two persons",
    ),
    "oneself_alone": (422, "Không thể trao đổi với chính mình", "Nobody talks with himself alone"),
    "participant_twice": (422, "Một thành viên được nêu hai lần", "A participant is named twice"),
    "participant_exists": (409, "Đã là thành viên của nhóm", "Takes part in the group already"),
    "too_many_participants": (422, "Nhóm đã đủ số thành viên tối đa", "The group has as many members as it may have"),
    "unit_of_others": (
        403, "Chỉ người của đơn vị hoặc Văn phòng mới thêm được cả đơn vị",
        "A whole unit is added by one of its staff or by the Office",
    ),
    "unit_owns_nothing": (422, "Không thể giao nhóm cho cả một đơn vị", "A whole unit cannot own a group"),
    "owner_must_hand_over": (
        409, "Trưởng nhóm phải giao lại quyền trước", "The owner must hand the group over first",
    ),
    "not_a_group": (
        409, "Chỉ nhóm mới thay đổi được tên và thành viên", "Only a group's name and members can be changed",
    ),
    "conversation_closed": (
        409, "Nhiệm vụ đã kết thúc, trao đổi chỉ còn để đọc", "The task is closed: this conversation is only read",
    ),
    "conversation_left": (409, "Bạn không còn trong cuộc trao đổi này", "You have left this conversation"),
    "reads_only": (403, "Bạn chỉ theo dõi nhóm này", "You only follow this group"),
    "too_many_pinned": (409, "Bạn đã ghim quá nhiều cuộc trao đổi", "Too many conversations are pinned"),
    "transcript_not_sealed": (
        409, "Chưa có biên bản: nhiệm vụ chưa kết thúc hoặc vừa kết thúc",
        "There is no transcript: the task is open, or was closed just now",
    ),
    "transcript_expired": (
        410, "Biên bản đã hết thời hạn lưu, chỉ còn mã băm",
        "The transcript was kept as long as it should be: its hash is left",
    ),
    # how one is reached
    "cannot_be_muted": (
        422, "Loại nhắc này không tắt được trên kênh đó", "Nudges of this kind cannot be turned off there",
    ),
    "not_by_this_channel": (
        422, "Loại nhắc này không gửi qua kênh đó", "Nudges of this kind are never sent there",
    ),
    "quiet_hours_not_possible": (
        422, "Giờ yên lặng chỉ được tối đa ba giờ trong giờ làm việc",
        "Quiet hours are three hours of the working day at most",
    ),
    "push_not_available": (409, "Hệ thống chưa bật thông báo đẩy", "Nothing is pushed here"),
    "push_endpoint_refused": (
        422, "Địa chỉ này không thuộc dịch vụ thông báo đẩy được chấp nhận",
        "This is not an endpoint of a push service that we know",
    ),
    "push_keys_refused": (
        422, "Khóa của thiết bị không hợp lệ", "These are not the keys of a push subscription",
    ),
    "too_many_devices": (
        409, "Bạn đã đăng ký quá nhiều thiết bị, hãy gỡ bớt", "Too many devices: remove some first",
    ),
    # units, posts, who holds them, powers lent
    "day_in_past": (422, "Ngày đã qua", "The day has passed"),
    "unit_dissolved": (422, "Đơn vị đã kết thúc hoạt động vào ngày đó", "The unit has ended by that day"),
    "changed_since": (409, "Đơn vị đã thay đổi sau ngày đó", "The unit was changed after that day"),
    "code_taken": (422, "Mã đơn vị này đã được cấp", "This code was given to a unit already"),
    "unit_misplaced": (422, "Loại đơn vị này không đặt ở đây được", "A unit of this kind does not stand there"),
    "unit_cycle": (
        422, "Đơn vị không thể thuộc chính nó hoặc đơn vị cấp dưới của nó",
        "A unit cannot stand below itself or what is below it",
    ),
    "unit_is_the_top": (422, "Không tổ chức lại chính UBND Thành phố", "The city's committee itself stays"),
    "nothing_changes": (422, "Không có gì thay đổi", "Nothing would change"),
    "merge_with_itself": (422, "Không thể sáp nhập đơn vị vào chính nó", "A unit is not merged with itself"),
    "not_of_this_unit": (422, "Không thuộc đơn vị này", "It does not belong to this unit"),
    "post_misplaced": (422, "Loại đơn vị này không có chức vụ đó", "There is no such post in such a unit"),
    "unit_has_head": (422, "Đơn vị đã có chức vụ đứng đầu", "The unit has the post that heads it"),
    "head_post_needed": (
        409, "Không bỏ được chức vụ đứng đầu của đơn vị", "A unit keeps the post that heads it",
    ),
    "post_closed": (422, "Chức vụ không còn hoặc chưa có vào thời gian đó", "The post does not stand all that time"),
    "post_taken": (409, "Chức vụ đã có người giữ trong thời gian đó", "Somebody holds this post in that time"),
    "not_released": (
        403, "Người này giữ chức vụ ngoài thẩm quyền của bạn, đề nghị quản trị viên bổ nhiệm",
        "This person holds a post beyond your authority: ask an administrator to appoint him",
    ),
    "unknown_person": (422, "Không có người này", "There is no such person"),
    "dates_in_wrong_order": (422, "Ngày kết thúc trước ngày bắt đầu", "It ends before it begins"),
    "membership_overlaps": (422, "Người này đã giữ chức vụ đó trong thời gian này", "He holds the post then already"),
    "primary_overlaps": (
        422, "Người này có chức vụ chính khác bắt đầu trong thời gian đó",
        "Another primary post of his begins in that time",
    ),
    "membership_ended": (409, "Người này đã thôi giữ chức vụ", "He has left the post by then"),
    "delegation_to_oneself": (422, "Không thể ủy quyền cho chính mình", "Nobody lends powers to himself"),
    "delegation_too_long": (422, "Thời hạn ủy quyền quá dài, tối đa một năm", "Powers are lent for a year at most"),
    "beyond_own_powers": (422, "Vượt quá quyền hạn của người ủy quyền", "Beyond the powers of whoever lends"),
    "grantee_not_eligible": (
        422, "Người này không thuộc diện được giao hình thức ký thay, thừa lệnh, thừa ủy quyền đó",
        "This kind of powers cannot be lent to this person",
    ),
    "already_lent": (409, "Đã ủy quyền việc này cho người đó trong thời gian đó", "The same is lent to him then"),
    "audience_not_of_units": (422, "Danh sách này không gồm các đơn vị", "This audience is not one of units"),
    "audience_exists": (409, "Tên danh sách này đã được dùng", "This name of an audience was given already"),
    "standing_audience": (
        409, "Danh sách của hệ thống không đổi tên, không bỏ được", "This audience is the platform's own",
    ),
    "unit_of_other_kind": (422, "Loại đơn vị không thuộc danh sách này", "The audience is for other kinds of units"),
    "day_not_in_year": (422, "Ngày không thuộc năm này", "The day is of another year"),
    "ladder_span_impossible": (
        422, "Khoảng thời gian này không dùng được cho cách tính của quy tắc",
        "This length of time cannot be counted by this rule",
    ),
    "rung_out_of_order": (
        422, "Bậc nhắc này đến trước bậc đứng trước nó", "This rung comes before the one below it",
    ),
    "unknown_placeholder": (
        422, "Lời nhắc có chỗ điền không tồn tại; chỉ dùng {title}, {unit}, {due}",
        "The text has a placeholder that there is not: use {title}, {unit}, {due}",
    ),
    "name_twice": (422, "Tên này được dùng nhiều lần", "The name is used more than once"),
    "day_twice": (422, "Ngày được nêu nhiều lần", "The day is named more than once"),
    "day_not_special": (
        422, "Ngày này vốn đã như vậy theo lịch tuần", "The day is so by its weekday already",
    ),
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
    # action items
    "until_out_of_range": (
        422, "Chỉ tạm ẩn được đến một thời điểm trong 90 ngày tới", "Put it off until a time within the next 90 days",
    ),
    "snooze_past_deadline": (
        409, "Đến lúc đó việc này đã quá hạn: hãy xác nhận nếu vẫn muốn tạm ẩn",
        "It will be late by then: say so if you mean it",
    ),
    "snooze_not_allowed": (409, "Không tạm ẩn việc này quá hạn của nó", "This is not put off past its deadline"),
    "too_many_snoozed": (
        409, "Bạn đã tạm ẩn quá nhiều việc: hãy bỏ tạm ẩn bớt", "Too much is put off: bring something back first",
    ),
    # our side
    "internal_error": (500, "Hệ thống gặp lỗi", "Something went wrong on our side"),
    "reply_too_large": (500, "Hệ thống gặp lỗi", "Something went wrong on our side"),
    "invalid_token": (500, "Hệ thống gặp lỗi", "Something went wrong on our side"),
    "caller_not_listed": (500, "Hệ thống gặp lỗi", "Something went wrong on our side"),
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
    (r"Must be between 1900 and 2199\.", "Phải trong khoảng từ năm 1900 đến năm 2199."),
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
    (r"Give starts_at, or the link of a task\.", "Nêu thời điểm, hoặc liên kết tới nhiệm vụ để nhắc trước hạn."),
    (r"Only with starts_at\.", "Chỉ lặp lại khi có thời điểm bắt đầu."),
    (r"Give either rrule or working_day\.", "Chỉ nêu một trong hai: quy tắc lặp lại, hoặc ngày làm việc."),
    (r"Not the path of a task, a message or a document\.", "Không phải liên kết tới nhiệm vụ, tin nhắn hay văn bản."),
    (r"Invalid input\.", "Giá trị không hợp lệ."),
    (r"Give either audience or assignments\.", "Nêu đúng một trong hai: danh sách nhận, hoặc từng đơn vị."),
    (r"Give exactly one of due_on, due_at and no_deadline\.", "Nêu đúng một trong: ngày hạn, giờ hạn, không có hạn."),
    (r"Give at most one of due_on, due_at and no_deadline\.", "Chỉ nêu một trong: ngày hạn, giờ hạn, không có hạn."),
    (r"Give a date if, and only if, it is granted\.", "Nêu ngày hạn mới khi và chỉ khi được chấp thuận."),
    (r"Give either audience or unit_ids\.", "Nêu đúng một trong hai: danh sách nhận, hoặc các đơn vị."),
    (r"Give either audience or unit_id\.", "Nêu đúng một trong hai: danh sách nhận, hoặc một đơn vị."),
    (r"Give either due_on or due_at\.", "Nêu đúng một trong hai: ngày hạn, hoặc giờ hạn."),
    (r"Give either due_in or no_deadline\.", "Nêu đúng một trong hai: số ngày làm việc, hoặc không có hạn."),
    (r"Give either into or into_unit_id\.", "Nêu đúng một trong hai: đơn vị có sẵn, hoặc đơn vị mới."),
    (r"Give either unit_id or post_id\.", "Nêu đúng một trong hai: đơn vị, hoặc chức vụ."),
    (r"Give either due_on or date_stands\.", "Nêu đúng một trong hai: hạn mới, hoặc giữ nguyên hạn."),
    (r"Give either audience or to\.", "Nêu đúng một trong hai: nhóm đối tượng, hoặc danh sách người nhận."),
    (r"Name exactly one addressee\.", "Mỗi dòng nêu đúng một đối tượng nhận."),
    (r"Only with acknowledge\.", "Chỉ nêu khi yêu cầu xác nhận."),
    (r"Give either days or hours\.", "Nêu đúng một trong hai: số ngày, hoặc số giờ."),
    (r"Give either ids or until\.", "Nêu đúng một trong hai: các nhắc việc, hoặc một thời điểm."),
    (r"Not a valid time\.", "Giờ không hợp lệ."),
    (r"Give exactly one change\.", "Nêu đúng một thay đổi."),
    (r"String does not match expected pattern\.", "Không đúng dạng yêu cầu."),
    (r"Give this parameter once\.", "Chỉ nêu tham số này một lần."),
    (r"Give ETags, or \*\.", "Nêu các ETag, hoặc *."),
    (r"Not a JSON object of texts\.", "Phải là một đối tượng JSON gồm các chuỗi ký tự."),
    (r"Not a valid mapping type\.", "Phải là một đối tượng."),
    (r"Null characters are not allowed\.", "Không được có ký tự rỗng."),
    (r"Give this field once\.", "Nêu trường này đúng một lần."),
    (r"Not a path of this site\.", "Phải là một đường dẫn trong trang này."),
    (r"Not a telephone number\.", "Không phải số điện thoại hợp lệ."),
    (r"Not a valid email address\.", "Không phải địa chỉ thư điện tử hợp lệ."),
    (r"At least 2 letters or digits\.", "Cần ít nhất 2 chữ cái hoặc chữ số."),
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
