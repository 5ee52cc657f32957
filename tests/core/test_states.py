from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.core.states import CANCELLABLE, FINAL, HELD, RETRYABLE, TRANSITIONS, WAITING, State, sources_of


def test_every_state_has_its_row():
    assert set(TRANSITIONS) == set(State)
    assert FINAL | HELD | WAITING | {State.CANCELLING} == set(State)


def test_success_is_for_ever_and_the_other_ends_can_be_retried():
    assert TRANSITIONS[State.SUCCEEDED] == frozenset()
    assert {State.FAILED, State.CANCELLED} == RETRYABLE


@given(st.sampled_from(State), st.data())
def test_every_walk_can_still_end(state, data):
    for _ in range(10):
        targets = sorted(TRANSITIONS[state])
        if not targets:
            break
        state = data.draw(st.sampled_from(targets))
    seen, to_see = set(), [state]
    while to_see:
        current = to_see.pop()
        if current not in seen:
            seen.add(current)
            to_see += TRANSITIONS[current]
    assert seen & FINAL


def test_sources_are_the_table_read_backwards():
    for target in State:
        for source in State:
            assert (source in sources_of(target)) == (target in TRANSITIONS[source])


def test_what_is_cancellable_can_get_to_cancelled():
    for state in CANCELLABLE:
        targets = TRANSITIONS[state]
        assert State.CANCELLED in targets or State.CANCELLING in targets
