"""Reading instructions: what is found, where it stands, and what is left to a person."""

import re
import sys
import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path
from re import _constants, _parser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.contract import schema
from contracts import tasks as contract
from kernel.working_time import TZ, WorkingDays
from tasks.domain import instructions
from tasks.domain.instructions.reading import RULES, Reading, rule
from tasks.tests.instructions.measuring import DAYS, HALVES, READ_AT, cases, city, table

ROOT = Path(__file__).resolve().parents[4]
TEXTS = [case["text"] for half in HALVES for case in cases(half)]


def proposed(text: str, *, days: WorkingDays = DAYS, now: datetime = READ_AT) -> list[dict]:
    return instructions.propose(text, city(), days, now)["proposals"]


def one(text: str, **kwargs) -> dict:
    [proposal] = proposed(text, **kwargs)
    return proposal


def decisions(proposal: dict) -> set[str]:
    return {each["code"] for each in proposal["to_decide"]}


def places(value) -> list[dict]:
    """Every place in an answer."""
    if isinstance(value, dict):
        here = [value["place"]] if value.get("place") else []
        return here + [place for each in value.values() for place in places(each)]
    if isinstance(value, list):
        return [place for each in value for place in places(each)]
    return []


def assert_every_place_is_where_it_says(text: str) -> None:
    answer = instructions.propose(text, city(), DAYS, READ_AT)
    for place in places(answer):
        assert 0 <= place["start"] <= place["end"] <= len(text)
        assert unicodedata.normalize("NFC", text[place["start"] : place["end"]]) == place["text"]


# the measured set


@pytest.mark.parametrize("half", HALVES)
def test_the_set_is_large_enough(half):
    assert len(cases(half)) >= 40


def test_the_docs_say_how_much_is_found():
    """If the rules have changed, put the table that is shown here into docs/assistant.md."""
    assert table() in (ROOT / "docs" / "assistant.md").read_text(encoding="utf-8"), f"\n{table()}"


# places


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("text", TEXTS)
def test_places_are_those_of_the_text_as_it_was_sent(text, form):
    assert_every_place_is_where_it_says(unicodedata.normalize(form, text))


@pytest.mark.parametrize("text", TEXTS)
def test_how_letters_are_composed_makes_no_difference(text):
    def meaning(written: str) -> list:
        return [(each["order"].get("assignments"), each["order"].get("due_on")) for each in proposed(written)]

    assert meaning(unicodedata.normalize("NFD", text)) == meaning(unicodedata.normalize("NFC", text))


def test_blanks_and_dashes_may_be_any():
    text = "Giao\u00a0Sở  Quy hoạch – Kiến trúc\tchủ\ntrì rà soát, báo cáo trước\u00a0 ngày 15/11."
    assert one(text)["order"]["assignments"] == [{"unit_id": "SQHKT", "role": "lead"}]
    assert one(text)["order"]["due_on"] == date(2026, 11, 15)
    assert_every_place_is_where_it_says(text)


# units


@pytest.mark.parametrize(
    "written, code",
    [
        ("Sở Nông nghiệp và Môi trường", "SNNMT"), ("SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG", "SNNMT"), ("Sở NN&MT", "SNNMT"),
        ("Sở NNMT", "SNNMT"), ("SNN&MT", "SNNMT"), ("SNNMT", "SNNMT"), ("Sở TC", "STC"), ("STC", "STC"),
        ("Sở QH-KT", "SQHKT"), ("Sở Quy hoạch Kiến trúc", "SQHKT"), ("Sở KH&CN", "SKHCN"), ("VP UBND TP", "VPUB"),
        ("VP. UBND TP.", "VPUB"), ("Văn phòng UBND TP.HCM", "VPUB"), ("Văn phòng Ủy ban nhân dân Thành phố", "VPUB"),
        ("Thanh tra TP", "TTTP"), ("Thanh tra Thành phố Hồ Chí Minh", "TTTP"), ("UBND phường Bến Thành", "26743"),
        ("Ủy ban nhân dân phường Bến Thành", "26743"), ("Phường Bến Thành", "26743"), ("P.Bến Thành", "26743"),
        ("UBND Bến Thành", "26743"), ("UBND xã Hoà Hiệp", "26647"), ("UBND xã Hòa Hiệp", "26647"),
        ("Chủ tịch UBND đặc khu Côn Đảo", "26732"),
    ],
)  # fmt: skip
def test_a_unit_is_known_by_its_names(written, code):
    assert one(f"Giao {written} báo cáo trước 15/11.")["order"]["assignments"] == [{"unit_id": code, "role": "lead"}]


def test_without_diacritics_two_units_may_be_meant_and_none_is_chosen():
    proposal = one("giao ubnd xa thanh an bao cao truoc 15/11")
    [finding] = proposal["units"]
    assert {candidate.name for candidate in finding["candidates"]} == {"Xã Thanh An", "Xã Thạnh An"}
    assert not any(candidate.sure for candidate in finding["candidates"])
    assert "assignments" not in proposal["order"] and decisions(proposal) == {"which_unit"}


def test_with_diacritics_it_is_one_of_them():
    [finding] = one("Giao UBND xã Thạnh An báo cáo trước 15/11.")["units"]
    assert [(candidate.name, candidate.sure) for candidate in finding["candidates"]] == [("Xã Thạnh An", True)]


def test_a_body_that_the_directory_does_not_have_is_said_to_be_unknown():
    proposal = one("Giao Công an Thành phố chủ trì, phối hợp với Sở Y tế báo cáo trước 15/11.")
    unknown, _ = proposal["units"]
    assert (unknown["kind"], unknown["place"]["text"]) == ("unknown", "Công an Thành phố")
    assert proposal["order"]["assignments"] == [{"unit_id": "SYT", "role": "support"}]
    assert decisions(proposal) == {"unknown_unit"}


@pytest.mark.parametrize("body", ["Công an phường Bến Thành", "Đảng ủy phường Bến Thành", "UBND quận Bình Thạnh"])
def test_a_body_beside_a_unit_is_not_the_unit(body):
    assert "assignments" not in one(f"Giao {body} báo cáo trước 15/11.")["order"]


@pytest.mark.parametrize(
    "words, audience",
    [
        ("UBND các phường, xã, đặc khu", "all-commune-level"), ("168 phường, xã", "all-commune-level"),
        ("UBND 168 phường, xã, đặc khu", "all-commune-level"), ("các phường", "all-wards"), ("các xã", "all-communes"),
        ("Thủ trưởng các sở, ban, ngành", "all-departments"), ("UBND cấp xã", "all-commune-level"),
        ("Các sở, ban, ngành, UBND các phường, xã, đặc khu", "all-units"),
    ],
)  # fmt: skip
def test_an_audience_is_ordered_as_one(words, audience):
    order = one(f"Giao {words} báo cáo trước 15/11.")["order"]
    assert (order["mode"], order["audience"]) == ("each", audience)


def test_a_number_that_is_not_the_audiences_own_is_unsure():
    assert "unit_unsure" in decisions(one("Giao 167 phường, xã, đặc khu báo cáo trước 15/11."))
    assert decisions(one("Giao 168 phường, xã, đặc khu báo cáo trước 15/11.")) == set()


def test_an_audience_of_the_offices_own_is_known_by_its_title():
    coast = instructions.Audience("coast", "Các xã ven biển", ("STC", "SYT"))
    names = instructions.Vocabulary([], [coast])
    [proposal] = instructions.propose("Giao các xã ven biển báo cáo trước 15/11.", names, DAYS, READ_AT)["proposals"]
    assert [each["unit_id"] for each in proposal["order"]["assignments"]] == ["STC", "SYT"]
    assert [candidate.audience for candidate in proposal["units"][0]["candidates"]] == ["coast"]


def test_whoever_supports_work_of_each_is_told_of_and_not_ordered():
    proposal = one("Giao phường Sài Gòn, phường Bến Thành phối hợp với Sở Y tế báo cáo trước 15/11.")
    assert "support_in_each" in decisions(proposal)
    assert {each["role"] for each in proposal["order"]["assignments"]} == {"lead"}


def test_a_unit_has_one_piece_though_it_is_named_twice():
    proposal = one("Giao phường Sài Gòn chủ trì, phối hợp với các phường báo cáo trước 15/11.")
    units = [each["unit_id"] for each in proposal["order"]["assignments"]]
    assert len(units) == len(set(units)) == 113
    assert [each["role"] for each in proposal["order"]["assignments"]].count("lead") == 1


@pytest.mark.parametrize(
    "text",
    [
        "Theo đề nghị của Sở Tài chính, giao Sở Y tế báo cáo trước 15/11.",
        "Giao Sở Y tế làm việc với Sở Tài chính, báo cáo trước 15/11.",
        "Giao Sở Y tế kiểm tra nhà thuốc tại phường Bến Thành, báo cáo trước 15/11.",
        "Giao Sở Y tế gửi Sở Tài chính số liệu, báo cáo trước 15/11.",
        "Giao Sở Y tế hướng dẫn các phường, xã, báo cáo trước 15/11.",
    ],
)
def test_who_is_only_mentioned_has_no_part(text):
    assert one(text)["order"]["assignments"] == [{"unit_id": "SYT", "role": "lead"}]


@pytest.mark.parametrize("text", ["", " \n", "Kính gửi các đồng chí.", "Sở Tài chính đã có Tờ trình số 12/TTr-STC."])
def test_where_nobody_is_told_anything_nothing_is_proposed(text):
    assert proposed(text) == []


# deadlines


@pytest.mark.parametrize(
    "words, day",
    [
        ("trước 15/11", "2026-11-15"), ("trước ngày 15 tháng 11 năm 2026", "2026-11-15"),
        ("chậm nhất là ngày 15-11-2026", "2026-11-15"), ("trước 17 giờ 30 ngày 15/11", "2026-11-15"),
        ("trong tháng 12", "2026-12-31"), ("trước tháng 12", "2026-11-30"), ("trong tháng này", "2026-11-30"),
        ("trong tháng sau", "2026-12-31"), ("trong tháng 2/2028", "2028-02-29"), ("trong quý IV", "2026-12-31"),
        ("trong quý I/2027", "2027-03-31"), ("trong năm 2027", "2027-12-31"), ("trong tuần này", "2026-11-06"),
        ("trong tuần tới", "2026-11-13"), ("trước ngày mai", "2026-11-03"), ("trước thứ Tư", "2026-11-04"),
        ("trong vòng 5 ngày làm việc", "2026-11-09"), ("trong 10 ngày", "2026-11-12"),
        ("trong thời hạn 05 (năm) ngày làm việc", "2026-11-09"), ("trong 02 tuần", "2026-11-16"),
        ("trong vòng 4 tháng", "2027-03-02"), ("trong 48 giờ", "2026-11-04"), ("trong ngày", "2026-11-02"),
    ],
)  # fmt: skip
def test_a_deadline_is_counted_from_the_day(words, day):
    [found] = one(f"Giao Sở Y tế báo cáo {words}.")["deadlines"]
    assert [each.isoformat() for each in found["days"]] == [day] and found["doubt"] is None


def test_working_days_are_the_citys():
    days = WorkingDays({date(2026, 11, 3): False})
    assert one("Giao Sở Y tế báo cáo trong 02 ngày làm việc.", days=days)["order"]["due_on"] == date(2026, 11, 5)


def test_the_day_is_the_citys_own():
    last_evening_in_london = datetime(2026, 11, 2, 18, tzinfo=UTC)
    assert one("Giao Sở Y tế báo cáo trong ngày.", now=last_evening_in_london)["order"]["due_on"] == date(2026, 11, 3)


def test_an_hour_is_an_instant():
    order = one("Giao Sở Y tế báo cáo trước 17 giờ 30 ngày 05/11/2026.")["order"]
    assert order["due_at"] == datetime(2026, 11, 5, 17, 30, tzinfo=TZ) and "due_on" not in order


@pytest.mark.parametrize(
    "words, days, doubt",
    [
        ("trước 01/10", ["2026-10-01", "2027-10-01"], "which_year"),
        ("trong quý II", ["2026-06-30", "2027-06-30"], "which_year"),
        ("trước ngày 01/10/2026", ["2026-10-01"], "past"),
        ("trước ngày 31/11", [], "no_such_day"),
        ("trước ngày 29/02", [], "no_such_day"),
        ("trước 25 giờ ngày 15/11", [], "no_such_day"),
        ("trong tháng 13", [], "no_such_day"),
        ("vào đầu tháng 12", [], "vague"),
    ],
)
def test_a_doubtful_deadline_is_said_and_not_set(words, days, doubt):
    proposal = one(f"Giao Sở Y tế báo cáo {words}.")
    [found] = proposal["deadlines"]
    assert ([each.isoformat() for each in found["days"]], found["doubt"]) == (days, doubt)
    assert not {"due_on", "due_at"} & proposal["order"].keys()
    assert decisions(proposal) == {f"deadline_{doubt}"}


def test_of_two_deadlines_none_is_chosen():
    proposal = one("Giao Sở Y tế gửi dự thảo trước 15/11, báo cáo trước 30/11.")
    assert "several_deadlines" in decisions(proposal) and "due_on" not in proposal["order"]


def test_a_documents_date_is_no_deadline():
    proposal = one("Theo Công văn số 12/UBND-KT ngày 20/11/2026, giao Sở Y tế báo cáo.")
    assert proposal["deadlines"] == [] and decisions(proposal) == {"deadline_missing"}
    [cited] = proposal["documents"]
    assert (cited["number"], cited["issued_on"]) == ("12/UBND-KT", date(2026, 11, 20))


# what comes of it


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_proposed_has_the_shape_of_an_order(text):
    """A proposal that leaves nothing to decide can be posted as it is: the contract's own schemas say so."""
    answer = instructions.propose(text, city(), DAYS, READ_AT)
    for proposal in answer["proposals"]:
        body = dict(schema(contract.ProposedOrder).dump(proposal["order"]))
        if body.get("assignments"):  # ids of the directory instead of the codes
            body["assignments"] = [{"unit_id": AN_ID, "role": each["role"]} for each in body["assignments"]]
        if not proposal["to_decide"]:
            assert set(schema(contract.Order).load(body)) >= {"title", "content", "expected_result"}
        assert body.keys() <= schema(contract.Order).fields.keys()


AN_ID = "01989c1e-5b2a-7c10-8d52-0c8a1f5e0002"


def test_every_code_is_in_the_contract():
    said = {code for text in TEXTS for proposal in proposed(text) for code in decisions(proposal)}
    assert len(said) > 5 and said <= set(contract.TO_DECIDE)


def test_no_more_than_fifty_are_shown_and_it_is_said():
    answer = instructions.propose("Giao Sở Y tế báo cáo.\n" * 51, city(), DAYS, READ_AT)
    assert (len(answer["proposals"]), answer["more"]) == (50, True)
    assert not instructions.propose("Giao Sở Y tế báo cáo.\n" * 50, city(), DAYS, READ_AT)["more"]


# hostile texts

WORDS = [
    *("giao", "Giao", "yêu cầu", "chủ trì", "phối hợp", "với", "Sở", "Sở Y tế", "Tài chính", "UBND", "các", "phường"),
    *("xã", "đặc khu", "Thanh An", "Công an", "trước", "ngày", "tháng", "quý", "năm", "trong", "15/11", "31/02"),
    *("2026", "17", "giờ", "hằng", "báo cáo", "tham mưu", "trình", "khẩn", "hỏa tốc", "công văn số", "1/UBND", "của"),
    *("điểm a", "khoản 2", "và", ",", ".", ";", ":", "\n", "1.", "a)", "-", "(", ")", "TP.", "biết"),
    *("e\u0301", "\u0301", "\u200b", "İ", "ﬁ", "𝒜"),
]


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join), st.text(max_size=200)))
def test_any_text_is_read_and_every_place_is_right(text):
    assert_every_place_is_where_it_says(text)


def repeats(parsed):
    """Every repetition in a pattern: how often at most, and what is repeated."""
    for operation, argument in parsed:
        if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            yield argument[1], argument[2]
            yield from repeats(argument[2])
        elif operation is _constants.BRANCH:
            for branch in argument[1]:
                yield from repeats(branch)
        elif operation is _constants.SUBPATTERN:
            yield from repeats(argument[3])
        elif operation in (_constants.ASSERT, _constants.ASSERT_NOT):
            yield from repeats(argument[1])


def faults(pattern: str) -> list[str]:
    """A bound on everything that is repeated, and few repetitions inside one another: no search runs away."""
    found = []
    for most, repeated in repeats(_parser.parse(pattern)):
        if most is _constants.MAXREPEAT or most > LONGEST_RUN:
            found.append(f"repeated without a bound: {pattern[:60]}")
        if most > 1 and any(inner > 6 and width(body) < 3 for inner, body in repeats(repeated) if most * inner > 250):
            found.append(f"a repetition in a repetition: {pattern[:60]}")
    return found


LONGEST_RUN = 300


def width(parsed) -> int:
    return parsed.getwidth()[1]


def test_no_rule_repeats_without_a_bound():
    assert len(RULES) > 40
    assert [fault for each in RULES for fault in faults(each.accented.pattern)] == []


@pytest.mark.parametrize("pattern", [r"a*b", r"(?:a+)+b", r"(?:[a-z]{1,50}){1,9}b"])
def test_a_rule_that_may_run_away_is_found(pattern):
    assert faults(pattern)


def lines_run(text: str) -> int:
    """How many lines of Python the reading of a text takes: a count, the same on every machine."""
    count = 0

    def on_line(frame, event, _):
        nonlocal count
        count += event == "line"
        return on_line

    before = sys.gettrace()
    sys.settrace(lambda frame, *_: on_line if "instructions" in frame.f_code.co_filename else None)
    try:
        instructions.propose(text, city(), DAYS, READ_AT)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "piece",
    [
        "giao ", "Sở ", "Sở Tài chính, ", "trước ngày 1/1 ", "các phường, xã, ", "phối hợp với ", "Công an A ", "1) ",
        ". ", "UBND phường ", "thủ trưởng giám đốc ", ": ", "công văn số 1/a/", "e\u0301\u0301", "Giao Sở Y tế làm. ",
        "giao sở làm. Sở Y tế, ", "Theo Công văn số 1/TU, khoản 2. ",
    ],
)  # fmt: skip
def test_twice_the_text_costs_twice_the_steps(piece):
    once = (piece * 3000)[:1500]
    assert lines_run(once + once) < 2.4 * lines_run(once) + 500


def test_rules_are_written_in_small_letters():
    """`letters` have no others, so a capital in a rule would never be met."""
    for each in RULES:
        assert not re.search(r"(?<!\\)(?<!\?)[A-ZĐ](?![<>])", re.sub(r"\\[AZWDSB]|\?P<\w+>", "", each.accented.pattern))


def test_a_text_without_diacritics_is_read_by_the_rules_without_theirs():
    plain = rule("giao đơn vị")
    RULES.remove(plain)
    assert Reading("giao don vi").first(plain) and Reading("GIAO ĐƠN VỊ").first(plain)
    assert not Reading("giao don vị").first(plain)
