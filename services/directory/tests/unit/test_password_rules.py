"""Which passwords are bad ones, secrets on paper, user names, sheets and slips."""

import pytest

from directory import hashing, papers
from directory.domain.passwords import PAPER_ALPHABET, from_paper, is_contextual, on_paper
from directory.domain.usernames import name_all, stem

KNOWN = ("annv", "Nguyễn Văn An", "Phường Thủ Dầu Một", "annv.000001@hcm.example")


@pytest.mark.parametrize(
    "password",
    ["NguyenVanAn1990", "congvu@2026tphcm", "Thu-Dau-Mot-2025", "phuongthudaumot", "matkhau12345", "annvannvannv"],
)
def test_what_anybody_knows_of_the_account_makes_no_password(password):
    assert is_contextual(password, KNOWN)


@pytest.mark.parametrize(
    "password", ["bốn con trâu qua cầu", "x#9!kP@2$mQ&", "an cơm chiều nay nhé", "V7-sao-chổi-đêm"]
)
def test_other_words_and_signs_do(password):
    assert not is_contextual(password, KNOWN)


def test_drawn_secrets_are_easy_to_copy_and_hopeless_to_guess():
    drawn = hashing.draw()
    assert len(PAPER_ALPHABET) ** len(drawn) > 2**79
    assert not set("01ilo") & set(PAPER_ALPHABET)
    assert from_paper(on_paper(drawn).upper()) == drawn
    assert hashing.verify(hashing.hash_drawn(drawn), on_paper(drawn))
    assert not hashing.verify(hashing.hash_drawn(drawn), on_paper(hashing.draw()))
    assert hashing.hash_drawn(drawn) != hashing.hash_drawn(drawn)


def test_user_names_are_made_as_offices_make_them():
    assert [stem(name) for name in ("Nguyễn Văn An", "Đỗ Ân", "Y", "  ")] == ["annv", "and", "y", "nguoidung"]
    assert name_all(["Nguyễn Văn An", "Ngô Vi An", "Đỗ Ân"], {"annv": 4}) == ["annv5", "annv6", "and"]


def test_a_sheet_opens_in_spreadsheets_and_runs_nothing():
    text = papers.sheet([papers.Slip("Phường 1", '=1+1"', "+Trưởng", "annv", "abcd-efgh")])
    assert text.startswith("\ufeffĐơn vị,Họ và tên,")
    assert text.splitlines()[1] == 'Phường 1,"\'=1+1""",\'+Trưởng,annv,abcd-efgh'


def test_slips_are_vietnamese_and_show_names_as_text():
    document = papers.printable([papers.Slip("Phường 1", "<b>Lê</b> & con", "Văn thư", "annv", "abcd-efgh")])
    assert '<html lang="vi">' in document and "Mật khẩu dùng một lần" in document
    assert "&lt;b&gt;Lê&lt;/b&gt; &amp; con" in document and "<b>Lê" not in document
