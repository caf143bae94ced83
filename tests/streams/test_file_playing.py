from __future__ import annotations

import itertools
import threading

import av
import numpy as np
import pytest

from millrace.streams.clock import NS_PER_MS, NS_PER_S, VirtualClock
from millrace.streams.file import FileSource
from millrace.streams.media import VIEW_HEIGHT, VIEW_WIDTH, EventKind
from millrace.streams.reader import Reader
from millrace.streams.source import Feed


def test_probing_tells_what_is_in_a_file(make_clip) -> None:
    info = FileSource(make_clip("door.mp4", sound_s=1.0)).probe()
    assert (info.has_video, info.has_audio, info.width, info.height, info.fps) == (True, True, 320, 192, 30.0)
    assert info.duration_ns == pytest.approx(NS_PER_S, rel=0.1)
    assert info.detail == "mov, h264 320x192, aac 44100 Hz"
    assert not info.is_live


def test_a_file_is_named_by_its_stem_unless_named(make_clip) -> None:
    path = make_clip("front door.mp4", num_frames=1)
    assert FileSource(path).name == "front door"
    assert FileSource(path, name="door").name == "door"


def test_played_fast_every_frame_comes_at_its_time(make_clip, play_fast) -> None:
    played = play_fast(FileSource(make_clip("a.mp4", num_frames=200)), start_ns=500)
    assert [frame.t_ns for frame in played.frames] == [500 + index * NS_PER_S // 30 for index in range(200)]
    assert [frame.index for frame in played.frames] == list(range(200))
    assert {(frame.source, frame.pixels.shape, frame.pixels.dtype.name) for frame in played.frames} == {
        ("a", (VIEW_HEIGHT, VIEW_WIDTH, 3), "uint8")
    }
    figures = played.feed.statistics()
    assert (figures.frames_in, figures.passed, figures.dropped) == (200, 0, {})
    assert (figures.packets, figures.packets_skipped) == (200, 0)
    assert played.kinds == ["ended"]


def test_the_view_shows_the_picture(make_clip, play_fast, moving) -> None:
    played = play_fast(FileSource(make_clip("a.mp4", num_frames=10)))
    wanted = moving(9).reshape(96, 2, 160, 2, 3).mean((1, 3))
    assert np.abs(played.frames[9].pixels - wanted).mean() < 12


@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.ts", "a.webm", "a.h264"])
def test_other_containers_and_codecs_play_too(name: str, make_clip, play_fast) -> None:
    codec = {"a.webm": "libvpx", "a.avi": "mpeg4"}.get(name, "libx264")
    options = {} if codec != "libx264" else {"preset": "veryfast"}
    played = play_fast(FileSource(make_clip(name, codec=codec, options=options, num_frames=20)))
    assert len(played.frames) == 20
    assert all(earlier.t_ns < later.t_ns for earlier, later in itertools.pairwise(played.frames))


def test_sound_becomes_16_khz_mono_in_even_chunks(make_clip, play_fast) -> None:
    played = play_fast(FileSource(make_clip("a.mp4", num_frames=60, sound_s=2.0)))
    assert {len(chunk.samples) for chunk in played.chunks[:-1]} == {800}
    for earlier, later in itertools.pairwise(played.chunks):
        assert later.t_ns - earlier.t_ns == len(earlier.samples) * NS_PER_S // 16_000
    samples = np.concatenate([chunk.samples for chunk in played.chunks])
    assert samples.dtype == np.float32
    assert len(samples) / 16_000 == pytest.approx(2.0, abs=0.1)
    spectrum = np.abs(np.fft.rfft(samples[8000:24000]))
    assert np.argmax(spectrum) == 440
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.1)


def test_a_file_of_sound_only_is_a_source(make_clip, play_fast) -> None:
    source = FileSource(make_clip("bell.m4a", picture=None, sound_s=1.0))
    info = source.probe()
    assert (info.has_video, info.has_audio) == (False, True)
    played = play_fast(source)
    assert len(played.chunks) >= 20
    assert played.frames == []


def test_played_fast_the_watermark_never_runs_ahead_of_what_was_given(make_clip) -> None:
    source = FileSource(make_clip("a.mp4", num_frames=90, sound_s=3.0))
    feed = Feed("a", VirtualClock(), realtime=False)
    reader, seen_ns = Reader(source, feed), -1
    reader.start()
    num_items = 0
    while not feed.is_finished or len(feed.video_channel) or len(feed.audio_channel):
        promised_ns = feed.watermark_ns
        for frame in feed.video_channel.drain():
            assert frame.t_ns > seen_ns
            num_items += 1
        for chunk in feed.audio_channel.drain():
            assert chunk.t_ns >= seen_ns
            num_items += 1
        seen_ns = promised_ns
    assert reader.join()
    assert num_items > 140


def test_in_real_time_nothing_comes_before_or_after_its_time(make_clip, play_in_real_time) -> None:
    played = play_in_real_time(FileSource(make_clip("a.mp4", num_frames=60, sound_s=2.0), decode="all"))
    assert len(played.frames) == 60
    items = sorted([*played.frames, *played.chunks], key=lambda item: item.t_ns)
    assert [t_ns for t_ns, _ in played.order] == [item.t_ns for item in items]
    assert played.feed.statistics().max_lag_ns == 0


def test_in_real_time_fifteen_looks_a_second_are_converted_and_the_rest_passes(
    make_clip, play_in_real_time
) -> None:
    path = make_clip("a.mp4", num_frames=120, options={"preset": "veryfast", "bf": "0"})
    played = play_in_real_time(FileSource(path))
    figures = played.feed.statistics()
    assert len(played.frames) == 60
    assert (figures.frames_in, figures.passed, figures.dropped) == (120, 60, {})
    assert {later.t_ns - earlier.t_ns for earlier, later in itertools.pairwise(played.frames)} <= {
        66_666_666,
        66_666_667,
    }


def test_in_real_time_unreferenced_pictures_are_not_decoded(make_clip, play_in_real_time, play_fast) -> None:
    path = make_clip("a.mp4", num_frames=120, options={"preset": "veryfast", "bf": "2", "b-adapt": "0"})
    exact = {frame.t_ns: frame for frame in play_fast(FileSource(path)).frames}
    played = play_in_real_time(FileSource(path))
    assert played.feed.statistics().packets_skipped >= 30
    assert max(b.t_ns - a.t_ns for a, b in itertools.pairwise(played.frames)) <= 100 * NS_PER_MS
    for frame in played.frames:
        assert np.array_equal(frame.pixels, exact[frame.t_ns].pixels)


def test_where_too_few_pictures_are_referenced_all_are_decoded(make_clip, play_in_real_time) -> None:
    options = {"preset": "veryfast", "bf": "8", "b-adapt": "0", "b-pyramid": "none"}
    played = play_in_real_time(FileSource(make_clip("a.mp4", num_frames=180, options=options)))
    late = [frame.t_ns for frame in played.frames if frame.t_ns > 2 * NS_PER_S]
    assert max(b - a for a, b in itertools.pairwise(late)) <= 100 * NS_PER_MS


def test_a_reader_that_has_fallen_far_behind_goes_on_at_a_key_picture(make_clip) -> None:
    path = make_clip("a.mp4", num_frames=300, options={"preset": "veryfast", "g": "30"})
    clock = VirtualClock()
    clock.jump_to(6 * NS_PER_S)  # the session began six seconds ago
    feed = Feed("a", clock, realtime=True)
    times: list[tuple[int, int]] = []
    feed.video_channel.on_put = lambda: times.extend(
        (frame.t_ns, clock.now_ns()) for frame in feed.video_channel.drain()
    )
    reader = Reader(FileSource(path), feed)
    reader.start()
    assert reader.wait(30.0)
    late = [t_ns for t_ns, now_ns in times if now_ns - t_ns > 3 * NS_PER_S]
    assert len(late) <= 8
    assert times[-1][0] > 9.8 * NS_PER_S
    assert feed.statistics().packets_skipped > 60


def test_a_stopped_source_ends_at_once_in_the_middle_of_its_file(make_clip) -> None:
    feed = Feed("a", VirtualClock(), realtime=False)
    reader = Reader(FileSource(make_clip("a.mp4", num_frames=150)), feed)
    reader.start()
    assert reader.join()
    assert feed.statistics().frames_in <= 70


def test_a_size_that_changes_in_mid_stream_is_told_and_the_view_stays(
    make_clip, play_fast, tmp_path, background
) -> None:
    small = make_clip("small.ts", num_frames=20)
    large = make_clip("large.ts", num_frames=20, picture=lambda index: background(640, 384))
    both = tmp_path / "both.ts"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    played = play_fast(FileSource(both))
    assert len(played.frames) == 40
    assert {frame.pixels.shape for frame in played.frames} == {(VIEW_HEIGHT, VIEW_WIDTH, 3)}
    assert all(earlier.t_ns < later.t_ns for earlier, later in itertools.pairwise(played.frames))
    (event,) = [event for event in played.events if event.kind is EventKind.RESIZED]
    assert event.detail == "both: from 320x192 to 640x384"
    assert event.t_ns == played.frames[20].t_ns


def test_a_frame_rate_that_changes_in_mid_stream_is_told(make_clip, play_fast, tmp_path) -> None:
    first, second = make_clip("fast.ts", num_frames=60), make_clip("slow.ts", num_frames=60, fps=10)
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    played = play_fast(FileSource(both))
    assert [event.detail for event in played.events if event.kind is EventKind.RATE_CHANGED] == [
        "both: from 30 to 10 frames a second"
    ]


def test_a_picture_held_sideways_is_put_upright(make_clip, play_fast, tmp_path) -> None:
    path, turned = make_clip("a.mp4", num_frames=3), tmp_path / "turned.mp4"
    with av.open(str(path)) as source, av.open(str(turned), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        stream.set_display_rotation(90)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    plain = play_fast(FileSource(path)).frames[0].pixels
    upright = play_fast(FileSource(turned)).frames[0].pixels
    assert upright.shape == plain.shape
    # The upper left of the stored picture has gone to the lower left.
    assert np.abs(upright[-12:, :20].mean((0, 1)) - plain[:12, :20].mean((0, 1))).max() < 25


def test_two_files_play_side_by_side_in_one_virtual_time(make_clip) -> None:
    clock, stop = VirtualClock(), threading.Event()
    paths = [make_clip(f"{name}.mp4", num_frames=45) for name in "ab"]
    readers = [Reader(FileSource(path), Feed(path.stem, clock, realtime=True)) for path in paths]
    with clock.participant():
        for reader in readers:
            reader.start()
        newest = []
        for tick in range(1, 8):
            clock.wait_until(tick * 200 * NS_PER_MS + 1, stop)
            newest.append([reader.feed.video_channel.take_nowait() for reader in readers])
    for reader in readers:
        assert reader.join()
    for tick, frames in enumerate(newest, start=1):
        for frame in frames:
            assert 0 <= tick * 200 * NS_PER_MS - frame.t_ns < 100 * NS_PER_MS
