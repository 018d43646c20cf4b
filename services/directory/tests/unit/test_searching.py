"""What somebody means by what he typed, and what a post is found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.searching import MOST_WORDS, Query, digits_of, likely_meant, post_form, understand


@pytest.mark.parametrize(("typed", "meant"), [
    ("Nguyễn  VĂN", Query(words=("nguyen", "van"))),
    ("0280 12.34", Query(digits="02801234")),
    ("+84 28 0123", Query(digits="0280123")),
    ("(028) 0", Query(digits="0280")),
    ("12", Query(words=("12",))),
    ("phường 12", Query(words=("phuong", "12"))),
    ("", Query()), (None, Query()), ("!?", Query()),
])  # fmt: skip
def test_what_is_typed_is_understood(typed, meant):
    assert understand(typed) == meant


@given(st.text(max_size=200))
def test_whatever_is_typed_is_bounded(typed):
    query = understand(typed)
    assert len(query.words) <= MOST_WORDS and not (query.words and query.digits)


@pytest.mark.parametrize(("title", "unit", "full", "codes", "words"), [
    ("Giám đốc Sở Y tế", "Y tế", "Sở Y tế", ["SYT"], "giam doc gd so y te syt"),
    ("Phó Chủ tịch UBND Phường Bình Thạnh", "Bình Thạnh", "Phường Bình Thạnh", ["26929"], "pct ubnd phuong binh thanh"),
    ("Trưởng phòng", "Phòng Tổ chức", "Phòng Tổ chức Sở Nội vụ", ["SNV-TC", "SNV"], "tp to chuc so noi vu snv ptc"),
    ("Chánh Văn phòng Sở Y tế", "Văn phòng", "Văn phòng Sở Y tế", ["SYT-VP", "SYT"], "cvp so y te vp"),
    ("Phó Giám đốc Sở Giáo dục và Đào tạo", "Giáo dục và Đào tạo", "Sở Giáo dục và Đào tạo", ["SGDDT"], "pgd sgddt"),
])  # fmt: skip
def test_a_post_is_found_by_its_words_and_short_forms(title, unit, full, codes, words):
    form = post_form(title, unit, full, codes)
    assert [word for word in words.split() if f" {word}" not in form] == []


def test_a_deputy_is_not_found_by_the_short_form_of_his_head():
    assert " ct" not in post_form("Phó Chủ tịch UBND Phường Sài Gòn", "Sài Gòn", "Phường Sài Gòn", [])


def test_an_official_code_of_digits_is_no_word():
    assert "26929" not in post_form("Chủ tịch", "Bình Thạnh", "Phường Bình Thạnh", ["26929"])


@pytest.mark.parametrize(("typed", "meant"), [
    ("nguyeenx", "nguyen"), ("ddawngj", "dang"), ("tuaans", "tuan"), ("hoaf", "hoa"), ("luowng", "luong"),
    ("nguyn", "nguyen"), ("nguyenn", "nguyen"), ("nugyen", "nguyen"), ("hoqng", "hoang"),
])  # fmt: skip
def test_slips_of_the_finger_are_seen_through(typed, meant):
    assert meant in likely_meant(typed)


def test_telex_keys_are_thought_of_first():
    assert likely_meant("nguyeenx")[0] == "nguyen"


@pytest.mark.parametrize(("number", "digits"), [("(028) 0123", "0280123"), ("+84 28 012", "028012"), ("x", "")])
def test_numbers_are_their_digits(number, digits):
    assert digits_of(number) == digits
