"""Orders and their pieces over HTTP."""

from gateway.tests.support import PIECE, TASK, Directory, Tasks, asked, assert_problem, detail, name_of, task
from kernel.errors import Refused
from tests.support.town import id_of, person, unit

ORDER = {
    "title": "Rà soát", "content": "Nội dung", "mode": "each", "audience": "all-wards", "no_deadline": True,
    "expected_result": "Báo cáo",
}  # fmt: skip
KEY = {"Idempotency-Key": "k-1"}
ACCEPT = f"/assignments/{PIECE}/accept"


def test_an_order_reaches_tasks_and_comes_back_with_the_assigners_name(vice):
    answer = vice.post("/tasks", ORDER, headers=KEY)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/tasks/{TASK}"
    assert answer.json() == task(
        assigner_name=name_of(person("committee vice_chairman")), issued_at=answer.json()["issued_at"]
    )
    [(claims, request)] = asked("tasks.assign")
    assert claims["sub"] == person("committee vice_chairman")
    assert request["idempotency_key"] == "k-1" and request["order"]["audience"] == "all-wards"


def test_an_order_that_is_not_given_yet_is_a_draft(vice):
    Tasks.answers = {"tasks.draft": task(state="draft", assigner_person_id=None, issued_at=None)}
    answer = vice.post("/tasks", ORDER | {"issue": False}, headers=KEY)
    assert (answer.status_code, answer.json()["state"], answer.json()["assigner_name"]) == (201, "draft", None)
    assert not asked("tasks.assign") and "issue" not in asked("tasks.draft")[0][1]["order"]


def test_warnings_are_told_in_the_readers_language(vice):
    warning = {"code": "due_moved", "message": "Moved.", "details": {"field": "due_on"}}
    Tasks.answers = {"tasks.assign": task(warnings=[warning])}
    [told] = vice.post("/tasks", ORDER, headers=KEY).json()["warnings"]
    assert told["message"].startswith("Hạn rơi vào ngày nghỉ") and told["details"] == warning["details"]


def test_an_order_needs_a_key(vice):
    assert_problem(vice.post("/tasks", ORDER), 400, "idempotency_key_required")
    for key in ("", "a b", "x" * 201, "khóa".encode()):
        assert_problem(vice.post("/tasks", ORDER, headers={"Idempotency-Key": key}), 422, "invalid_request")
    assert not asked("tasks.assign")


FORMS = [
    ({"surprise": 1}, "surprise"),
    ({"title": None}, "title"),
    ({"title": "x" * 301}, "title"),
    ({"mode": "some"}, "mode"),
    ({"audience": "tất cả"}, "audience"),
    ({"audience": None}, "audience"),
    ({"due_on": "2026-12-01"}, "due_on"),
    ({"due_on": "tomorrow", "no_deadline": False}, "due_on"),
    ({"issue": "later"}, "issue"),
    ({"audience": None, "assignments": [{"unit_id": "x"}]}, "assignments.0.unit_id"),
    ({"audience": None, "assignments": [{"unit_id": unit("ward-1"), "more": 1}]}, "assignments.0.more"),
]


def test_a_fault_in_the_form_is_named_in_vietnamese_by_its_field(vice):
    for changes, field in FORMS:
        problem = assert_problem(vice.post("/tasks", ORDER | changes, headers=KEY), 422, "invalid_request")
        faults = {fault["field"]: fault["message"] for fault in problem["errors"]}
        assert field in faults and not faults[field].isascii(), changes


def test_the_language_is_the_readers(vice):
    english = vice.post("/tasks", ORDER | {"x": 1}, headers=KEY | {"Accept-Language": "en-GB, vi;q=0.5"}).json()
    assert english["errors"] == [{"field": "x", "message": "Unknown field."}]
    assert english["title"] == "The request has faults"


def test_nfd_becomes_nfc(vice):
    vice.post("/tasks", ORDER | {"title": "Ra\u0300 soa\u0301t"}, headers=KEY)
    assert asked("tasks.assign")[0][1]["order"]["title"] == "Rà soát"


REFUSALS = [
    (Refused("not_authorised"), 403),
    (Refused("idempotency_key_reused"), 422),
    (Refused("due_in_past", field="due_on"), 422),
    (Refused("directory_stale", retryable=True), 503),
    (Refused("unknown_capacity"), 403),
    (Refused("not_found"), 404),
]


def test_a_refusal_of_the_service_is_told_by_its_code(vice):
    for refusal, status in REFUSALS:
        Tasks.answers = {"tasks.assign": refusal}
        answer = vice.post("/tasks", ORDER, headers=KEY)
        problem = assert_problem(answer, status, refusal.refusal_code)
        assert ("Retry-After" in answer.headers) == (status == 503)
        if "field" in refusal.details:
            assert problem["errors"][0]["field"] == "due_on"


def test_a_fault_of_the_service_and_an_unknown_code_show_nothing(vice):
    for failure in (RuntimeError("secret"), Refused("a_code_of_tomorrow", "secret")):
        Tasks.answers = {"tasks.assign": failure}
        answer = vice.post("/tasks", ORDER, headers=KEY)
        assert_problem(answer, 500, "internal_error")
        assert "secret" not in answer.text


def test_a_service_that_is_away_says_when_to_come_again(vice, neighbours):
    neighbours["tasks"].stop()
    answer = vice.get(f"/tasks/{TASK}")
    assert_problem(answer, 503, "service_unavailable")
    assert answer.headers["Retry-After"]


def test_without_the_directory_the_name_is_left_out(vice):
    Directory.answers = {"directory.get_names": RuntimeError("down")}
    assert vice.get(f"/tasks/{TASK}").json()["assigner_name"] is None


def test_an_etag_changes_with_what_is_seen(vice):
    first = vice.get(f"/tasks/{TASK}")
    tag = first.headers["ETag"]
    again = vice.get(f"/tasks/{TASK}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    Tasks.answers = {"tasks.get_task": task(roll_up=task()["roll_up"] | {"accepted": 1})}
    assert vice.get(f"/tasks/{TASK}", headers={"If-None-Match": tag}).status_code == 200


def test_accepting_needs_to_know_what_one_accepts(head):
    assert_problem(head.post(ACCEPT, headers=KEY), 428, "if_match_required")
    assert_problem(head.post(ACCEPT, headers={"If-Match": "*"}), 400, "idempotency_key_required")
    assert_problem(head.post(ACCEPT, headers=KEY | {"If-Match": "1"}), 422, "invalid_request")
    assert_problem(head.post(ACCEPT, headers=KEY | {"If-Match": '"other"'}), 412, "stale_version")
    assert_problem(head.post(ACCEPT, {"x": 1}, headers=KEY | {"If-Match": "*"}), 422, "invalid_request")
    assert not asked("tasks.accept")


def test_accepting_passes_the_version_on(head):
    tag = head.get(f"/assignments/{PIECE}").headers["ETag"]
    for wanted in (tag, '"1"', "*", f'"3", {tag},"other"'):
        answer = head.post(ACCEPT, {}, headers=KEY | {"If-Match": wanted})
        assert (answer.status_code, answer.json()["state"]) == (200, "in_progress")
    assert [request["version"] for _, request in asked("tasks.accept")] == [1, 1, None, 3]
    assert_problem(head.post(ACCEPT, headers=KEY | {"If-Match": f"W/{tag}"}), 412, "stale_version")
    Tasks.answers = {"tasks.accept": Refused("stale_version", current=2)}
    assert_problem(head.post(ACCEPT, headers=KEY | {"If-Match": tag}), 412, "stale_version")


def test_lists_pass_their_parameters_on(vice):
    assert vice.get("/tasks?box=received&limit=5").json()["items"][0]["id"] == TASK
    request = asked("tasks.list_tasks")[0][1]
    assert {name: value for name, value in request.items() if value is not None} == {"box": "received", "limit": 5}
    assert vice.get(f"/tasks/{TASK}/assignments?state=assigned").status_code == 200
    assert asked("tasks.list_assignments")[0][1]["task_id"] == TASK
    for query in ("box=mine", "limit=0", "limit=9999999999999999999", "limit=x", "x=1", "box=issued&box=received",
                  "cursor=%00", f"task_id={TASK}"):  # fmt: skip
        assert_problem(vice.get(f"/tasks?{query}"), 422, "invalid_request")


def test_foreign_and_absent_look_alike(head):
    Tasks.answers = {"tasks.get_task": Refused("not_found"), "tasks.get_assignment": Refused("not_found")}
    for path in (f"/tasks/{id_of('foreign')}", f"/assignments/{id_of('foreign')}", "/tasks/1"):
        assert_problem(head.get(path), 404, "not_found")


def test_a_conditional_get_of_a_piece(head):
    Tasks.answers = {"tasks.get_assignment": detail(version=7)}
    assert head.get(f"/assignments/{PIECE}").headers["ETag"].startswith('"7')


def test_boards_and_statistics_pass_their_parameters_on(vice):
    board = {"as_of": "2026-11-23T07:00:00+07:00", "total": 0, "by_missing": [], "by_level": [], "items": [],
             "under_correction": {"name": "under_correction", "count": 0, "list": {"under_correction": True}},
             "next_cursor": None}  # fmt: skip
    Tasks.answers = {"tasks.get_exception_board": board, "tasks.get_statistics": Refused("as_of_in_future")}
    answer = vice.get("/exception-board?missing=receipt&as_of=2026-11-20&under_correction=true")
    assert (answer.status_code, answer.json()["total"]) == (200, 0)
    [(_, request)] = asked("tasks.get_exception_board")
    assert (request["missing"], str(request["as_of"]), request["under_correction"]) == ("receipt", "2026-11-20", True)
    assert_problem(vice.get("/task-statistics?by=source&from=2026-01-01&to=2026-06-30"), 422, "as_of_in_future")
    [(_, request)] = asked("tasks.get_statistics")
    assert (request["by"], str(request["from"]), str(request["to"])) == ("source", "2026-01-01", "2026-06-30")
    for query in ("exception-board?missing=x", "task-statistics?by=x", "task-statistics/assignments?figure=x"):
        assert_problem(vice.get(f"/{query}"), 422, "invalid_request")
