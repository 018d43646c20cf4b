"""An action item follows its subject, whatever the order in which it hears of it."""

from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.items import Item, after_change

RAISED = Item(open=True, version=1, known=True)
PLACE = Item(open=False, version=0, known=False)
STATES = ["assigned", "in_progress", "declined", "completed", "revoked", "result_submitted"]


def test_whoever_has_accepted_has_nothing_left_to_receive():
    assert after_change(RAISED, "in_progress", 2) == Item(open=False, version=2, known=True)


def test_a_reassigned_piece_waits_again():
    declined = after_change(RAISED, "declined", 2)

    assert after_change(declined, "assigned", 3) == Item(open=True, version=3, known=True)


def test_what_is_older_than_what_is_known_changes_nothing():
    accepted = after_change(RAISED, "in_progress", 4)

    assert after_change(accepted, "assigned", 3) == accepted


def test_an_item_shows_once_its_order_is_known():
    assert not after_change(PLACE, "assigned", 3).shows


@given(st.lists(st.sampled_from(STATES), min_size=1, max_size=6).flatmap(
    lambda states: st.tuples(
        st.just(states),
        st.lists(st.sampled_from(range(len(states))), max_size=12).flatmap(
            lambda repeats: st.permutations([*range(len(states)), *repeats])
        ),
    )
))  # fmt: skip
def test_changes_in_any_order_and_any_number_of_times_leave_the_same_item(case):
    states, deliveries = case
    item = RAISED
    for index in deliveries:
        item = after_change(item, states[index], index + 2)

    assert item == Item(open=states[-1] == "assigned", version=len(states) + 1, known=True)
