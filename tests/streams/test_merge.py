from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from millrace.streams.clock import NS_PER_S
from millrace.streams.merge import PATIENCE_NS, Merge
from millrace.streams.source import NEVER_NS

steps = st.lists(st.tuples(st.sampled_from(["video", "audio"]), st.integers(1, 50)), max_size=60)


@given(steps)
def test_two_tracks_come_out_in_one_order_and_whole(script: list[tuple[str, int]]) -> None:
    merge: Merge[tuple[str, int]] = Merge(["video", "audio"], 0)
    now = {"video": 0, "audio": 0}
    out: list[tuple[int, tuple[str, int]]] = []
    for track, step in script:
        now[track] += step
        assert merge.put(track, now[track], (track, now[track]))
        merge.promise(track, now[track])
        out += merge.release()
    for track in now:
        merge.end(track)
    out += merge.release()
    assert len(out) == len(script)
    assert out == sorted(out, key=lambda one: (one[0], one[1][0] == "audio"))


def test_nothing_is_released_before_the_other_track_has_come_as_far() -> None:
    merge: Merge[str] = Merge(["video", "audio"], 0)
    merge.put("video", 5, "frame")
    merge.promise("video", 5)
    assert list(merge.release()) == []
    merge.promise("audio", 5)
    assert list(merge.release()) == [(5, "frame")]
    assert merge.safe_ns == 5


def test_a_track_that_lags_hopelessly_is_not_waited_for_and_its_late_items_are_refused() -> None:
    merge: Merge[str] = Merge(["video", "audio"], 0)
    merge.put("video", NS_PER_S, "early")
    merge.put("video", NS_PER_S + PATIENCE_NS, "late")
    merge.promise("video", NS_PER_S + PATIENCE_NS)
    assert list(merge.release()) == [(NS_PER_S, "early")]
    assert not merge.put("audio", NS_PER_S // 2, "too late")


def test_an_ended_track_holds_nothing_back() -> None:
    merge: Merge[str] = Merge(["video"], 0)
    merge.end("video")
    assert merge.safe_ns == NEVER_NS
