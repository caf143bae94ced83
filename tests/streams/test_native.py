"""Parts of pictures in their own pixels."""

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.streams.clock import VirtualClock
from millrace.streams.file import FileSource
from millrace.streams.media import VideoFrame
from millrace.streams.native import ArrayNative, Cropper, box_of, bytes_per_pixel, native_of
from millrace.streams.push import PushSource
from millrace.streams.reader import Reader
from millrace.streams.source import Feed


def scene(width=640, height=384):
    """Large smooth blots of colour, that survive any way of scaling."""
    blots = np.random.default_rng(3).integers(30, 220, (6, 8, 3)).astype(np.uint8)
    return cv2.resize(blots, (width, height), interpolation=cv2.INTER_CUBIC)


def expected(pixels, x, y, zoom):
    height, width = pixels.shape[:2]
    left, top = round(x / 160 * width), round(y / 96 * height)
    part = pixels[top : top + round(height / zoom), left : left + round(width / zoom)]
    return cv2.resize(part, (160, 96), interpolation=cv2.INTER_AREA)


def assert_close(got, wanted, tolerance):
    assert got.shape == (96, 160, 3) and got.dtype == np.uint8
    assert np.abs(got.astype(int) - wanted).mean() < tolerance


@pytest.mark.parametrize("is_bgr", [False, True])
def test_an_array_shows_the_part_that_was_asked_for_in_red_green_blue(is_bgr):
    pixels = scene()
    native = ArrayNative(pixels[:, :, ::-1] if is_bgr else pixels, is_bgr=is_bgr)
    assert native.max_zoom == 4
    assert_close(native.crop(40, 24, 4.0), expected(pixels, 40, 24, 4.0), 0.1)


@pytest.mark.parametrize(
    "pixel_format",
    ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv420p10le", "nv12", "rgb24", "bgra", "yuyv422", "rgb8"],
)
def test_a_decoded_frame_of_any_format_shows_the_part_that_was_asked_for(pixel_format):
    pixels = scene()
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pixel_format)
    native = Cropper().native(frame)
    # rgb8 has eight levels a colour.
    assert_close(native.crop(61, 33, 2.5), expected(pixels, 61, 33, 2.5), 20 if pixel_format == "rgb8" else 3)


def test_formats_whose_pixels_share_bytes_are_known():
    assert bytes_per_pixel("yuv420p") == (1, 1, 1)
    assert bytes_per_pixel("yuv420p10le") == (2, 2, 2)
    assert bytes_per_pixel("nv12") == (1, 2)
    assert bytes_per_pixel("rgba") == (4,)
    assert bytes_per_pixel("yuyv422") is bytes_per_pixel("pal8") is bytes_per_pixel("monow") is None


def test_colours_are_those_of_the_view(make_clip, play_fast):
    pixels = scene()
    played = play_fast(FileSource(make_clip("a.mp4", num_frames=3, picture=lambda _: pixels)))
    frame = played.frames[1]
    whole = np.concatenate([frame.native.crop(x, 0, 2.0) for x in (0, 80)], axis=1)
    assert_close(cv2.resize(whole[:48], (160, 96)), cv2.resize(frame.pixels[:24], (160, 96)), 6)


def turned(path, target_path, degrees):
    """The same file, saying that the camera was held otherwise."""
    with av.open(str(path)) as source, av.open(str(target_path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        stream.set_display_rotation(degrees)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    return target_path


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_picture_held_otherwise_is_set_upright(make_clip, play_fast, tmp_path, degrees):
    pixels = scene()
    stored = make_clip("a.mp4", num_frames=2, picture=lambda _: pixels)
    frame = play_fast(FileSource(turned(stored, tmp_path / "turned.mp4", degrees))).frames[0]
    upright = np.rot90(pixels, degrees // 90)
    assert frame.native.max_zoom == pytest.approx(min(upright.shape[1] / 160, upright.shape[0] / 96))
    assert_close(frame.native.crop(16, 48, 2.0), expected(upright, 16, 48, 2.0), 6)


def test_a_picture_hardly_larger_than_the_view_has_no_native_one():
    assert native_of(np.zeros((143, 400, 3), np.uint8)) is None
    assert native_of(np.zeros((144, 240, 3), np.uint8)) is not None
    assert Cropper().native(av.VideoFrame(238, 144)) is None


@given(
    size=st.tuples(st.integers(240, 2000), st.integers(144, 1200)),
    corner=st.tuples(st.floats(-20, 200), st.floats(-20, 120)),
    zoom=st.floats(1.0, 4.0),
)
def test_a_box_always_lies_inside_the_picture_and_has_the_wanted_share(size, corner, zoom):
    width, height = size
    left, top, right, bottom = box_of(width, height, *corner, zoom)
    assert 0 <= left < right <= width and 0 <= top < bottom <= height
    assert left % 2 == top % 2 == 0
    assert abs((right - left) - width / zoom) <= 2 and abs((bottom - top) - height / zoom) <= 2


def test_odd_sizes_are_no_trouble():
    frame = av.VideoFrame.from_ndarray(scene(641, 385), format="rgb24").reformat(format="yuv420p")
    native = Cropper().native(frame)
    assert native.crop(159, 95, 4.0).shape == (96, 160, 3)
    assert native.crop(0, 0, 1.0).shape == (96, 160, 3)


def test_what_is_pushed_is_copied_and_has_its_own_pixels():
    source = PushSource("door")
    reader = Reader(source, Feed("door", VirtualClock(), realtime=False))
    reader.start()
    assert source.wait_open(5.0)
    pixels = scene()
    source.push_frame(pixels, 1)
    wanted, pixels[:] = expected(pixels, 10, 10, 3.0), 0
    frame = reader.feed.video_channel.take_nowait()
    source.push_frame(np.zeros((96, 160, 3), np.uint8), 2)
    assert_close(frame.native.crop(10, 10, 3.0), wanted, 1)
    assert reader.feed.video_channel.take_nowait().native is None
    assert reader.join()


def test_played_fast_few_native_pictures_wait():
    feed = Feed("a", VirtualClock(), realtime=False)
    view, native = np.zeros((96, 160, 3), np.uint8), ArrayNative(scene())
    for number in range(8):
        feed.video(VideoFrame("a", number, view, native=native))
    figures = feed.video_channel.statistics()
    assert figures.depth == figures.maxsize  # one more would wait for room


def test_in_real_time_only_the_newest_native_picture_waits():
    feed = Feed("a", VirtualClock(), realtime=True)
    view, native = np.zeros((96, 160, 3), np.uint8), ArrayNative(scene())
    for number in range(3):
        feed.video(VideoFrame("a", number, view, native=native))
    assert [frame.t_ns for frame in feed.video_channel.drain()] == [2]
