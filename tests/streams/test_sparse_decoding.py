from __future__ import annotations

import itertools

import numpy as np
import pytest

from millrace.streams.clock import NS_PER_S
from millrace.streams.file import FileSource

FPS = 30
OPTIONS = {"preset": "veryfast", "g": "30"}


def waking(background, wakes_at: int):
    """Nothing happens until frame `wakes_at`; then a small square drops in and stays on its way."""

    def picture(index: int):
        pixels = background()
        if index >= wakes_at:
            top = (index - wakes_at) * 2 % 150
            pixels[top : top + 24, 100:124] = (250, 250, 20)
        return pixels

    return picture


def test_a_still_camera_is_decoded_at_its_key_pictures_only(make_clip, play_fast, still) -> None:
    path = make_clip("still.mp4", picture=still, num_frames=360, options=OPTIONS)
    played = play_fast(FileSource(path, decode="sparse"))
    figures = played.feed.statistics()
    assert figures.packets == 360
    assert figures.packets_skipped > 280
    asleep = [frame.t_ns for frame in played.frames if frame.t_ns > 5 * NS_PER_S]
    assert asleep == [index * NS_PER_S for index in range(6, 12)]
    assert figures.frames_in - figures.passed == len(played.frames)


def test_a_still_camera_is_decoded_fully_in_fast_mode(make_clip, play_fast, still) -> None:
    path = make_clip("still.mp4", picture=still, num_frames=200, options=OPTIONS)
    assert len(play_fast(FileSource(path)).frames) == 200


@pytest.mark.parametrize(
    "extra", [{}, {"bf": "0"}, {"bf": "3", "b-adapt": "0"}, {"x264-params": "open-gop=1"}]
)
def test_after_waking_every_picture_is_exact(extra, make_clip, play_fast, background) -> None:
    wakes_at = 200  # in the middle of a GOP: the packets since its key picture have to be decoded again
    path = make_clip(
        "door.mp4", picture=waking(background, wakes_at), num_frames=300, options={**OPTIONS, **extra}
    )
    exact = {frame.t_ns: frame.pixels for frame in play_fast(FileSource(path)).frames}
    played = play_fast(FileSource(path, decode="sparse"))
    assert played.feed.statistics().packets_skipped > 50
    for frame in played.frames:
        assert np.array_equal(frame.pixels, exact[frame.t_ns])
    times = [frame.t_ns for frame in played.frames]
    assert all(earlier < later for earlier, later in itertools.pairwise(times))
    after = [t_ns for t_ns in times if t_ns >= wakes_at * NS_PER_S // FPS]
    assert after[0] <= (wakes_at + 6) * NS_PER_S // FPS
    assert max(later - earlier for earlier, later in itertools.pairwise(after)) <= NS_PER_S // 10


def test_waking_shows_in_the_change_of_the_frame(make_clip, play_fast, background) -> None:
    path = make_clip("door.mp4", picture=waking(background, 200), num_frames=260, options=OPTIONS)
    frames = play_fast(FileSource(path, decode="sparse")).frames
    before = [frame.change for frame in frames if NS_PER_S < frame.t_ns < 200 * NS_PER_S // FPS]
    after = [frame.change for frame in frames if frame.t_ns > 205 * NS_PER_S // FPS]
    assert frames[0].change == 1.0
    assert max(before) < 0.2
    assert min(after) > 0.3


def test_a_moving_camera_never_falls_asleep(make_clip, play_fast, moving) -> None:
    path = make_clip("busy.mp4", picture=moving, num_frames=300, options={**OPTIONS, "bf": "0"})
    played = play_fast(FileSource(path, decode="sparse"))
    assert played.feed.statistics().packets_skipped == 0
    assert max(b.t_ns - a.t_ns for a, b in itertools.pairwise(played.frames)) <= NS_PER_S // 10


def test_a_stream_of_key_pictures_only_is_looked_at_once_a_second(make_clip, play_fast, still) -> None:
    path = make_clip("jpeg.mkv", picture=still, num_frames=300, codec="mjpeg", options={"strict": "-1"})
    played = play_fast(FileSource(path, decode="sparse"))
    asleep = [frame.t_ns for frame in played.frames if frame.t_ns > 5 * NS_PER_S]
    assert 4 <= len(asleep) <= 6
    assert played.feed.statistics().packets_skipped > 100


def test_in_real_time_a_sleeping_camera_wakes_on_time(make_clip, play_in_real_time, background) -> None:
    path = make_clip("door.mp4", picture=waking(background, 200), num_frames=300, options=OPTIONS)
    played = play_in_real_time(FileSource(path))
    figures = played.feed.statistics()
    assert figures.packets_skipped > 50
    assert figures.max_lag_ns == 0
    first = next(frame for frame in played.frames if frame.t_ns >= 200 * NS_PER_S // FPS)
    assert first.t_ns <= 206 * NS_PER_S // FPS


def test_sound_goes_on_while_the_camera_sleeps(make_clip, play_in_real_time, still) -> None:
    path = make_clip("still.mp4", picture=still, num_frames=240, options=OPTIONS, sound_s=8.0)
    played = play_in_real_time(FileSource(path))
    assert played.feed.statistics().packets_skipped > 100
    assert sum(len(chunk.samples) for chunk in played.chunks) / 16_000 == pytest.approx(8.0, abs=0.1)
    for (now_ns, kind), chunk in zip(
        [one for one in played.order if one[1] == "audio"], played.chunks, strict=True
    ):
        assert kind == "audio"
        assert now_ns == chunk.t_ns
