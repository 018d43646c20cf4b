"""Examples for openapi.yaml, by operation. A test loads each by its schema."""

_TASK = "01989c1e-5b2a-7c10-8d52-0c8a1f5e0001"
_UNIT = "01989c1e-5b2a-7c10-8d52-0c8a1f5e0002"
_POST = "01989c1e-5b2a-7c10-8d52-0c8a1f5e0003"
_PERSON = "01989c1e-5b2a-7c10-8d52-0c8a1f5e0004"
_PIECE = "01989c1e-5b2a-7c10-8d52-0c8a1f5e0005"
_MEMBERSHIP = "01989c1e-5b2a-7c10-8d52-0c8a1f5e0006"
_A_RULE = {
    "name": "deadline",
    "title": "Nhắc theo hạn",
    "counts_from": "due",
    "rungs": [
        {
            "name": "yellow", "after": {"normal": {"days": -4}, "express": {"days": -5}}, "to": ["owner", "followers"],
            "text": "Sắp đến hạn {due}: {unit} chưa trình kết quả.",
        },
    ],
}  # fmt: skip
_DUE = "2026-12-04T23:59:59+07:00"
_NOW = "2026-11-23T08:30:00+07:00"

_ASSIGNMENT = {
    "id": _PIECE, "task_id": _TASK, "unit_id": _UNIT, "unit_name": "Phường Bến Thành", "post_id": _POST,
    "parent_id": None, "role": "lead", "state": "assigned", "original_due": _DUE, "current_due": _DUE,
    "due_state": "on_track", "due_days": 9, "original_due_state": "on_track", "version": 1, "accepted_at": None,
    "submitted_at": None, "done_at": None, "grade": None, "returns": 0, "under_correction": False,
}  # fmt: skip
_ORDER = {
    "title": "Rà soát phòng cháy chữa cháy tại chợ",
    "content": "Kiểm tra toàn bộ chợ trên địa bàn, lập danh sách tồn tại.",
    "expected_result": "Báo cáo kèm danh sách và thời hạn khắc phục", "urgency": "urgent", "source": "city_pc",
}  # fmt: skip
_INSTRUCTION = "Giao Sở Tài chính chủ trì rà soát nhà, đất công, báo cáo trước ngày 15/12."

_RECURRING = {
    "order": {
        "title": "Báo cáo kinh tế - xã hội tháng {month}/{year}", "content": "Theo mẫu đã ban hành.", "mode": "each",
        "audience": "all-commune-level", "due_in": 5, "expected_result": "Báo cáo",
    },
    "recurrence": {"rrule": "FREQ=MONTHLY;BYMONTHDAY=1", "starts_on": "2026-12-01", "day_off": "after", "offset": 0},
    "leader_post_ids": [_POST],
}  # fmt: skip

_ME = {
    "person": {"id": _PERSON, "name": "Nguyễn Thị Minh An"},
    "memberships": [
        {
            "id": _MEMBERSHIP, "unit_id": _UNIT, "post_id": _POST, "title": "Phó Chủ tịch UBND Thành phố",
            "primary": True,
        },
    ],
    "delegations": [], "restriction": None,
}  # fmt: skip
_ITEM = {
    "id": "01989c1e-5b2a-7c10-8d52-0c8a1f5e0007", "kind": "assignment_to_receive", "post_id": _POST, "person_id": None,
    "subject_id": _PIECE, "task_id": _TASK, "title": _ORDER["title"], "from_title": "Phó Chủ tịch UBND Thành phố",
    "unit_id": _UNIT, "urgency": "urgent", "due": _DUE, "raised_at": _NOW, "link": f"/api/v1/assignments/{_PIECE}",
    "origin": None, "snoozed_until": None,
}  # fmt: skip
_CONVERSATION = "01989c1e-5b2a-7c10-8d52-0c8a1f5e0008"

_WAITS = {
    "kind": "citizen_case", "unit_code": "H29.102", "title": "Ngập tại hẻm 45", "urgency": "urgent", "due": _DUE,
    "link": "https://1022.example.vn/cases/88121",
}  # fmt: skip
_SAID = {
    "specversion": "1.0", "id": "7f3a", "source": "/hotline", "type": "waiting_item_opened", "subject": "1022-88121",
    "aggregateversion": 1, "time": _NOW, "data": _WAITS,
}  # fmt: skip

EXAMPLES = {
    "take_events": {
        "bodies": {
            "application/cloudevents+json": _SAID,
            "application/cloudevents-batch+json": [_SAID],
            "application/json": _WAITS,  # binary: the attributes are headers, ce-id and so on
        }
    },
    "create_token": {
        "body": {"username": "chutich", "password": "mật khẩu của bạn"},
        "answer": {"token": "M4yQ…", "expires_at": "2026-11-24T08:30:00+07:00", "restriction": None},
    },
    "create_session": {
        "body": {"username": "chutich", "password": "mật khẩu của bạn"},
        "answer": {"csrf_token": "Jd0c…", "expires_at": "2026-11-24T08:30:00+07:00", "restriction": None},
    },
    "get_me": {"answer": _ME},
    "get_home": {
        "answer": {
            "tasks": {"to_do": 3, "overdue": 1, "issued_open": 12, "issued_overdue": 2, "as_of": _NOW},
            "reminders": {
                "counts": [{"kind": "assignment_to_receive", "count": 1, "more": False}], "total": 1, "more": False,
                "snoozed": 0, "items": [_ITEM],
                "newly_late": {"since": "2026-11-23T00:00:00+07:00", "count": 0, "more": False, "items": []},
            },
            "messaging": {
                "conversations": 2, "messages": 5, "directives": 1, "muted_conversations": 0, "muted_messages": 0,
                "announcements": {"count": 0, "items": []},
            },
            "unavailable": [],
        },
    },
    "list_action_items": {"answer": {"items": [_ITEM], "next_cursor": None}},
    "list_units": {
        "answer": {
            "items": [
                {
                    "id": _UNIT, "code": "26740", "kind": "ward", "name": "Bến Thành",
                    "full_name": "Phường Bến Thành", "full_name_en": "Ben Thanh Ward", "parent_id": _POST,
                },
            ],
            "next_cursor": "WyIyNjc0MCJd",
        },
    },
    "search_people": {
        "answer": {
            "items": [
                {
                    "id": _PERSON, "name": "Ngô An", "post_id": _POST, "post_kind": "head", "unit_id": _UNIT,
                    "title": "Chủ tịch UBND Phường Bến Thành", "unit_name": "Phường Bến Thành",
                    "phone": "(028) 0000 1401", "email": "ngoan@example.vn",
                },
            ],
            "next_cursor": None,
        },
    },
    "list_audiences": {
        "answer": {
            "items": [
                {
                    "name": "all-wards", "standing": True, "title": "Các phường", "title_en": "All wards",
                    "unit_count": 113,
                },
            ],
            "next_cursor": None,
        },
    },
    "start_linking": {"body": {"provider": "vneid", "password": "mật khẩu của bạn", "return_to": "/"}},
    "put_identity": {"body": {"subject": "079090000001"}},
    "change_password": {"body": {"password": "mật khẩu hiện tại", "new_password": "ba con mèo trên mái ngói"}},
    "begin_totp": {"body": {"password": "mật khẩu của bạn"}},
    "confirm_totp": {"body": {"code": "492039"}},
    "renew_recovery_codes": {"body": {"password": "mật khẩu của bạn", "totp": "492039"}},
    "hand_over_accounts": {"body": {"form": "slips", "sub_units": True}},
    "ask_recovery": {
        "body": {"person_id": _PERSON, "kind": "password", "reason": "Đã đối chiếu thẻ công chức tại phòng"},
    },
    "set_audience": {"body": {"unit_ids": [_UNIT]}},
    "make_post": {"body": {"unit_id": _UNIT, "kind": "official", "title": "Chuyên viên", "from_day": "2026-12-01"}},
    "add_person": {"body": {"name": "Trần Văn Bình", "employee_number": "CB-00123", "email": "binhtv@example.vn"}},
    "change_person": {"body": {"name": "Trần Văn Bình"}},
    "change_own_contact": {"body": {"mobile": "0900000001", "visibility": {"mobile": "unit"}}},
    "read_nudges": {"body": {"until": _NOW}},
    "change_notification_settings": {
        "body": {"digest": True, "quiet_hours": {"begins": "11:30", "ends": "13:00"}},
    },
    "subscribe_push": {
        "body": {
            "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
            "keys": {"p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA", "auth": "tBHItJI5svbpez7KI4CCXg"},
        },
    },
    "post_message": {
        "body": {"text": "Đề nghị các phường báo cáo trước thứ Sáu."},
    },
    "create_task": {
        "body": {**_ORDER, "mode": "each", "audience": "all-wards", "due_on": "2026-12-04"},
        "answer": {
            "id": _TASK, **_ORDER, "mode": "each", "state": "issued", "original_due": _DUE, "issued_at": _NOW,
            "version": 1, "assigner_post_id": _POST, "assigner_person_id": _PERSON,
            "assigner_title": "Phó Chủ tịch UBND Thành phố", "assigner_name": "Nguyễn Thị Minh An", "followers": [],
            "reporting": "weekly", "field": None, "document_id": None, "clause": None,
            "superior_due": None,
            "leader_post_ids": [], "draft": None, "transcript": None, "allowed": ["revoke"],
            "roll_up": {"assigned": 113, "accepted": 0, "submitted": 0, "completed": 0, "overdue": 0, "revoked": 0},
            "assignments": {"items": [_ASSIGNMENT], "next_cursor": "WyIwMTk4…"}, "warnings": [],
        },
    },
    "propose_tasks": {
        "body": {"text": _INSTRUCTION},
        "answer": {
            "given_on": "2026-11-23", "more": False,
            "proposals": [
                {
                    "place": {"start": 0, "end": 74, "text": _INSTRUCTION},
                    "order": {
                        "title": "Rà soát nhà, đất công", "content": _INSTRUCTION, "mode": "joint",
                        "assignments": [{"unit_id": _UNIT, "role": "lead"}], "due_on": "2026-12-15",
                        "expected_result": "Báo cáo",
                    },
                    "to_decide": [],
                    "units": [
                        {
                            "place": {"start": 5, "end": 17, "text": "Sở Tài chính"}, "kind": "unit", "role": "lead",
                            "candidates": [
                                {
                                    "unit_id": _UNIT, "audience": None, "name": "Sở Tài chính",
                                    "matched": "full_name", "sure": True,
                                },
                            ],
                        },
                    ],
                    "deadlines": [
                        {
                            "place": {"start": 57, "end": 73, "text": "trước ngày 15/12"}, "days": ["2026-12-15"],
                            "at": None, "doubt": None,
                        },
                    ],
                    "results": [{"place": {"start": 49, "end": 56, "text": "báo cáo"}, "kind": "report"}],
                    "reporting": [], "documents": [], "clauses": [], "source": None, "urgency": None,
                },
            ],
        },
    },
    "preview_task": {
        "body": {
            "title": _ORDER["title"], "content": "Theo Thông báo 512/TB-VP.", "clause": "mục 2",
            "audience": "all-wards", "due_on": "2026-12-04",
        },
        "answer": {
            "due": _DUE, "missing_unit_ids": [], "warnings": [],
            "units": [
                {
                    "unit_id": _UNIT, "unit_code": "26740", "unit_name": "Phường Bến Thành", "open": 12, "overdue": 1,
                    "due_same_day": 3, "due_same_week": 5, "collision": "day",
                },
            ],
            "duplicates": [
                {
                    "task_id": _TASK, "title": _ORDER["title"], "issued_at": _NOW, "original_due": _DUE,
                    "assigner_title": "Phó Chủ tịch UBND Thành phố", "score": 0.97,
                    "reasons": [{"reason": "same_clause", "value": 1.0}, {"reason": "same_units", "value": 1.0}],
                },
            ],
            "experience": {
                "basis": "similar_title", "pieces": 226, "median_days": 9, "p90_days": 14, "extended": 0.21,
                "planned_days": 9,
            },
        },
    },
    "create_template": {"body": _RECURRING},
    "change_template": {"body": _RECURRING},
    "accept_assignment": {
        "answer": {
            **_ASSIGNMENT, "state": "in_progress", "version": 2, "accepted_at": _NOW, "title": _ORDER["title"],
            "content": _ORDER["content"], "expected_result": _ORDER["expected_result"], "urgency": "urgent",
            "assigner_title": "Phó Chủ tịch UBND Thành phố", "clause": None, "proposed_unit_id": None, "parent": None,
            "allowed": [
                "submit_result", "pass_on", "request_extension", "report_progress", "raise_blocker",
                "propose_correction",
            ],
        },
    },
    "decline_assignment": {"body": {"reason": "Chợ thuộc địa bàn phường khác", "proposed_unit_id": _UNIT}},
    "reassign_assignment": {"body": {"unit_id": _UNIT}},
    "uphold_assignment": {"body": {"reason": "Chợ nằm trên địa bàn hai phường"}},
    "submit_result": {
        "body": {
            "summary": "Đã kiểm tra 12 chợ, có 3 tồn tại.",
            "document": {"number": "112/BC-UBND", "issued_on": "2026-11-20"}, "unanswered_unit_ids": [_UNIT],
        },
    },
    "approve_result": {"body": {"grade": "good"}},
    "return_result": {"body": {"reason": "Thiếu thời hạn khắc phục"}},
    "suspend_assignment": {"body": {"reason": "Chờ quy định mới", "basis": "Công văn 45/UBND-ĐT"}},
    "resume_assignment": {"body": {"due_on": "2026-12-11"}},
    "revoke_assignment": {"body": {"reason": "Trùng với kế hoạch của Công an Thành phố"}},
    "revoke_task": {"body": {"reason": "Trùng với kế hoạch của Công an Thành phố"}},
    "reopen_assignment": {"body": {"reason": "Số liệu chưa đúng"}},
    "pass_on_assignment": {"body": {"pieces": [{"post_id": _POST, "title": "Kiểm tra chợ Bến Thành"}]}},
    "move_assignments": {"body": {"unit_id": _UNIT, "reason": "Sáp nhập theo Nghị quyết 1685"}},
    "request_extension": {
        "body": {
            "reason": "Chờ kết quả thẩm định", "requested_due_on": "2026-12-18", "progress": "Đã kiểm tra 8 chợ",
            "plan": "Xong 4 chợ còn lại trong hai tuần",
        },
    },
    "extend_children": {"body": {"due_on": "2026-12-10", "reason": "Thành phố đã gia hạn đến 11/12"}},
    "grant_extension": {"body": {"due_on": "2026-12-11"}},
    "refuse_extension": {"body": {"reason": "Hạn do Thành phố cam kết"}},
    "edit_draft": {"body": {**_ORDER, "mode": "each", "audience": "all-wards", "due_on": "2026-12-04"}},
    "submit_for_issue": {"body": {"leader_post_ids": [_POST]}},
    "return_draft": {"body": {"reason": "Cần nêu rõ sản phẩm"}},
    "report_progress": {
        "body": {
            "result": "Đã kiểm tra 8 trong 12 chợ", "percent": 65,
            "blocker": {"text": "Chưa có kinh phí khắc phục", "level": "city"},
        },
    },
    "raise_blocker": {"body": {"text": "Chưa có kinh phí khắc phục", "level": "city"}},
    "answer_blocker": {"body": {"text": "Giao Sở Tài chính bố trí trong tháng 12"}},
    "urge_assignment": {"body": {"kind": "check_figures", "text": "Đề nghị rà lại số liệu quận cũ"}},
    "urge_task": {"body": {"text": "Đề nghị tiếp nhận ngay", "only": "not_received"}},
    "answer_urging": {"body": {"text": "Đã tiếp nhận, báo cáo trước thứ Sáu"}},
    "propose_correction": {"body": {"field": "done_on", "value": "2026-12-03", "reason": "Nhập nhầm ngày văn bản"}},
    "accept_correction": {"body": {"reason": "Đã đối chiếu văn bản gốc"}},
    "refuse_correction": {"body": {"reason": "Văn bản gốc ghi ngày 05/12"}},
    "enter_document": {
        "body": {
            "source": "government_office", "number": "812/TB-VPCP", "issued_on": "2026-11-20",
            "abstract": "Kết luận về phòng, chống ngập", "signer": "Phó Chủ nhiệm",
            "clauses": [
                {
                    "label": "Điểm 2a", "text": "Rà soát các điểm ngập", "due_on": "2026-12-31",
                    "reporting": "monthly",
                },
            ],
        },
    },
    "create_document_tasks": {
        "body": {
            "orders": [
                {**{name: text for name, text in _ORDER.items() if name != "source"}, "mode": "each",
                 "audience": "all-wards", "clauses": [1]},
            ],
        },
    },
    "refuse_document": {"body": {"reason": "Không thuộc thẩm quyền của Thành phố"}},
    "declare_no_task": {"body": {"reason": "Nội dung để biết"}},
    "answer_recall": {"body": {"agreed": False, "reason": "Các đơn vị đang thực hiện"}},
    "record_request_sent": {"body": {"number": "45/UBND-TH", "issued_on": "2026-11-23"}},
    "record_superior_answer": {
        "body": {
            "granted": True, "due_on": "2027-01-29",
            "document": {"number": "901/VPCP-TH", "issued_on": "2026-11-23"},
        },
    },
    "draft_superior_report": {"body": {"source": "government_office", "since": "2026-11-01"}},
    "return_superior_report": {"body": {"reason": "Thiếu số liệu của hai sở"}},
    "record_report_sent": {"body": {"number": "210/BC-UBND", "issued_on": "2026-11-23"}},
    "mark_read": {"body": {"number": 12}},
    "reorganise": {
        "body": {
            "on_day": "2027-07-01", "document_number": "1685/NQ-UBTVQH15",
            "merge": {
                "unit_ids": [_UNIT, _POST],
                "into": {
                    "code": "26743", "kind": "ward", "name": "Sài Gòn", "full_name": "Phường Sài Gòn",
                    "full_name_en": "Sai Gon Ward",
                },
            },
        },
    },
    "close_post": {"body": {"on_day": "2027-07-01"}},
    "end_membership": {"body": {"on_day": "2027-07-01"}},
    "appoint": {"body": {"person_id": _PERSON, "post_id": _POST, "from_day": "2027-07-01"}},
    "lend_powers": {
        "body": {
            "grantee_person_id": _PERSON, "kind": "KT", "scope": "tasks", "document_number": "27/QĐ-UBND",
            "from_day": "2026-12-01", "to_day": "2026-12-14",
        },
    },
    "create_audience": {
        "body": {
            "name": "phuong-ven-song", "title": "Các phường ven sông", "title_en": "Wards along the river",
            "unit_ids": [_UNIT],
        },
    },
    "change_audience": {"body": {"unit_ids": [_UNIT]}},
    "set_working_days": {"body": {"days": [{"day": "2027-02-08", "working": False, "name": "Nghỉ Tết Nguyên đán"}]}},
    "change_ladders": {"body": {"rules": [_A_RULE], "reason": "Nhắc sớm hơn một ngày"}},
    "simulate_ladders": {"body": {"rules": [_A_RULE]}},
    "complete_parked_task": {"body": {"cells": {"lead": "Sở Nội vụ", "due_on": "30/12/2026"}}},
    "create_reminder": {
        "body": {
            "title": "Rà lại báo cáo trước khi ký", "note": "Kèm phụ lục số liệu", "link": f"/api/v1/tasks/{_TASK}",
            "starts_at": "2026-12-01T08:00:00+07:00", "before_minutes": 15, "working_day": {"nth": 1, "of": "month"},
        },
    },
    "snooze_action_item": {"body": {"until": "2026-12-01T08:00:00+07:00", "past_deadline": True}},
    "change_reminder": {"body": {"starts_at": "2026-12-02T14:00:00+07:00", "rrule": "FREQ=WEEKLY;BYDAY=WE"}},
    "mark_reminder_done": {"body": {"occurrence": "2026-12-01T08:00:00+07:00"}},
    "skip_reminder": {"body": {"occurrence": "2027-01-04T08:00:00+07:00"}},
    "hold_conversation": {"body": {"reason": "Thanh tra theo Quyết định số 12/QĐ-TTr"}},
    "release_conversation": {"body": {"reason": "Đã kết thúc thanh tra"}},
    "export_conversation": {"body": {"reason": "Thanh tra theo Quyết định số 12/QĐ-TTr"}},
    "create_announcement": {
        "body": {
            "title": "Lịch nghỉ Tết", "text": "Các cơ quan nghỉ từ ngày 15 đến ngày 21 tháng 02.",
            "audience": "whole-city", "importance": "important", "acknowledge": False,
        },
    },
    "edit_announcement": {
        "body": {
            "title": "Họp giao ban", "text": "Thứ Hai, 08 giờ.", "to": [{"unit_id": _UNIT}], "importance": "normal",
        },
    },
    "create_conversation": {
        "body": {"kind": "group", "name": "Tổ công tác ngập nước", "participants": [{"person_id": _PERSON}]},
    },
    "rename_conversation": {"body": {"name": "Tổ công tác chống ngập"}},
    "set_conversation_settings": {"body": {"pinned": True, "muted_until": "2026-12-01T08:00:00+07:00"}},
    "add_participants": {"body": {"participants": [{"post_id": _POST}], "history": "all"}},
    "change_participant": {"body": {"role": "owner"}},
    "edit_message": {"body": {"text": "Đề nghị các phường báo cáo trước thứ Năm."}},
    "withdraw_message": {"body": {"reason": "Đã có văn bản thay thế"}},
    "acknowledge_message": {"body": {"post_id": _POST}},
    "return_announcement": {"body": {"reason": "Đề nghị ghi rõ ngày áp dụng"}},
    "withdraw_announcement": {"body": {"reason": "Lịch đã thay đổi"}},
    "erase_person": {"body": {"reason": "Theo đơn ngày 02/11/2026, số 15/TB-SNV"}},
}  # fmt: skip
