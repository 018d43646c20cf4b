"""Names as people type them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.names import fold, given_name, search_form


@pytest.mark.parametrize(
    "typed, folded",
    [
        ("Nguyễn Thị Ánh", "nguyen thi anh"),
        ("ĐẶNG ĐÌNH ĐỨC", "dang dinh duc"),
        ("  Trần   Văn\tƯơng ", "tran van uong"),
        ("Y-Bhăm Êban", "y bham eban"),
        ("O'Neil 2", "o neil 2"),
        ("%_\\", ""),
        ("!?", ""),
    ],
)
def test_names_lose_case_diacritics_and_signs(typed, folded):
    assert folded == fold(typed)


def test_both_forms_of_unicode_fold_alike():
    name = "Nguyễn Đặng Quỳnh Như"
    assert fold(unicodedata.normalize("NFD", name)) == fold(unicodedata.normalize("NFC", name))


def test_the_name_that_he_is_called_by_is_the_last():
    assert given_name("Nguyễn Văn Ân") == "an"
    assert given_name("Ân") == "an"


def test_every_word_of_the_search_form_begins_after_a_blank():
    assert search_form("Nguyễn Văn An") == " nguyen van an"


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text):
    assert fold(text) == fold(fold(text))


@given(st.text(max_size=60))
def test_nothing_that_a_pattern_would_read_as_a_sign_remains(text):
    assert not set("%_\\'\"") & set(fold(text))
