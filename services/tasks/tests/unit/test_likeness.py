"""Which open orders are probably the same, and how long such work has taken."""

from datetime import date, timedelta

import pytest

from kernel.working_time import WorkingDays
from tasks.domain.experience import LEAST_PIECES, experience
from tasks.domain.likeness import is_probable, likeness
from tasks.domain.load import collision, day_of, week_of

MONDAY = date(2026, 11, 23)
PLAIN = WorkingDays({})
DOCUMENTS = ["512/tb-vp"]


def like(candidate, clause=None):
    of_it = {"title_likeness": 0.0, "content_likeness": 0.0, "documents": [], "clause": None, "shared_units": 0}
    return likeness(of_it | candidate, documents=DOCUMENTS, clause=clause, unit_count=4)


@pytest.mark.parametrize(
    ("candidate", "clause", "probable"),
    [
        ({"title_likeness": 0.9}, None, True),
        ({"title_likeness": 0.3, "content_likeness": 0.9}, None, False),
        ({"shared_units": 4}, None, False),
        ({"documents": ["512/tb-vp"]}, None, True),
        ({"documents": ["513/tb-vp"]}, None, False),
        ({"documents": ["512/tb-vp"], "clause": "mục 2"}, "mục 2", True),
    ],
)
def test_words_or_the_document_make_it_probable_and_units_alone_do_not(candidate, clause, probable):
    assert is_probable(*like(candidate, clause)) is probable


def test_the_more_is_alike_the_higher_the_score():
    words, units, document = {"title_likeness": 0.6}, {"shared_units": 4}, {"documents": DOCUMENTS}
    of_clause = words | units | document | {"clause": "mục 2"}
    candidates = [words, words | units, words | units | document, of_clause]
    scores = [like(candidate, "mục 2")[0] for candidate in candidates]
    assert scores == sorted(set(scores)) and scores[-1] <= 1


def test_the_percentiles_are_days_that_work_really_took():
    took = [(MONDAY, MONDAY + timedelta(days=7 * weeks), 1, weeks % 2) for weeks in range(10)]
    assert experience(took, PLAIN) == {"pieces": 10, "median_days": 20, "p90_days": 40, "extended": 0.5}
    assert experience([(MONDAY, MONDAY, LEAST_PIECES - 1, 0)], PLAIN) is None
    assert experience([(MONDAY, MONDAY, LEAST_PIECES, 0)], PLAIN)["p90_days"] == 0


def test_a_week_is_monday_to_sunday_of_the_city():
    begin, end = week_of(MONDAY + timedelta(days=6))
    assert (begin, end - begin) == (day_of(MONDAY)[0], timedelta(days=7))
    assert [collision({"due_same_day": day, "due_same_week": week}) for day, week in ((1, 1), (2, 2), (1, 7))] == [
        None, "day", "week",
    ]  # fmt: skip
