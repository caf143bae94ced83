"""Who comes back is told what happened in the meantime, once and in order, as far back as it is kept."""

from hypothesis import given
from hypothesis import strategies as st

from millrace.apps.doors.past import PASSING, Past


@given(
    st.lists(st.sampled_from(["sentence", "delta", "tick"]), max_size=60),
    st.integers(0, 60),
    st.sets(st.sampled_from(["sentence", "delta", "tick", "alerts"]), min_size=1),
)
def test_what_is_missed_is_told_in_order_or_said_to_be_gone(happened, left_at, kinds):
    past = Past(num_kept=5)
    messages = [past.add(kind, {"n": n}) for n, kind in enumerate(happened)]
    seen = [m for m in messages[:left_at] if m.number]
    number = seen[-1].number if seen else 0
    missed, is_whole = past.since(number, kinds)
    wanted = [m for m in messages if m.number > number and m.kind in kinds - PASSING]
    assert missed == [m for m in wanted if m in missed]
    assert all(sum(m.kind == kind for m in wanted) <= 5 for kind in kinds) or not is_whole
    assert not is_whole or missed == wanted
    assert {kind: sum(m.kind == kind for m in missed) for kind in kinds} == {
        kind: min(5, sum(m.kind == kind for m in wanted)) for kind in kinds
    }


def test_an_id_of_another_run_or_of_the_future_is_no_place():
    past, other = Past(), Past()
    for n in range(3):
        past.add("sentence", {"n": n})
        other.add("sentence", {"n": n})
    assert past.number_of(past.id_of(2)) == 2
    assert past.number_of(past.id_of(3)) == 3
    assert past.number_of(past.id_of(4)) is None
    assert past.number_of(other.id_of(1)) is None


@given(st.text(max_size=50))
def test_nonsense_is_no_place(text):
    past = Past()
    assert past.number_of(text) is None
    assert past.number_of(past.id_of(0).replace("0", "") + text) in (None, 0)
