from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from millrace.errors import SourceError
from millrace.streams.file import FileSource
from millrace.streams.media import EventKind


def refusal(path: Path) -> str:
    """The one line with which a file is refused, by `probe` and by `run` alike."""
    with pytest.raises(SourceError) as caught:
        FileSource(path, name="door").probe()
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("door: ")
    assert str(path) in message
    return message


def test_a_missing_file(tmp_path) -> None:
    assert "there is no file" in refusal(tmp_path / "clip.mp4")


def test_a_folder(tmp_path) -> None:
    assert "is a folder; give a file in it" in refusal(tmp_path)


def test_an_empty_file(tmp_path) -> None:
    path = tmp_path / "clip.mp4"
    path.touch()
    assert "is empty (0 bytes)" in refusal(path)


def test_a_text_file_called_mp4(tmp_path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text("This is not a film.\n" * 200)
    assert "is not a video or sound file" in refusal(path)


def test_a_text_file_called_txt_is_not_played_as_a_terminal(tmp_path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("This is not a film.\n" * 200)
    assert "no video track and no audio track" in refusal(path)


def test_a_file_with_neither_pictures_nor_sound(tmp_path) -> None:
    path = tmp_path / "words.srt"
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    assert "no video track and no audio track" in refusal(path)


def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path) -> None:
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    assert "is not a regular file" in refusal(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(make_clip) -> None:
    path = make_clip("clip.mp4", num_frames=1)
    path.chmod(0)
    assert "cannot be read (Permission denied)" in refusal(path)


def test_a_name_that_no_file_system_takes() -> None:
    assert "cannot be read" in refusal(Path("x" * 5000 + ".mp4"))


def test_frames_of_no_size(tmp_path) -> None:
    path = tmp_path / "clip.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("rawvideo", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "bgr24"
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    data = path.read_bytes()
    # The BITMAPINFOHEADER of the stream: its own size (40), then width and height.
    for wanted in (struct.pack("<Iii", 40, 32, 32), struct.pack("<Iii", 40, 32, -32)):
        data = data.replace(wanted, struct.pack("<Iii", 40, 0, 0))
    path.write_bytes(data)
    assert "the frames of" in refusal(path)
    assert "0x0 pixels" in refusal(path)


def test_an_mp4_that_was_cut_before_its_index(make_clip) -> None:
    path = make_clip("clip.mp4", num_frames=60)
    path.write_bytes(path.read_bytes()[:-2000])
    assert "cut before its index" in refusal(path)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_a_file_cut_in_the_middle_plays_what_it_can_and_is_broken_then(name, make_clip, play_fast) -> None:
    path = make_clip(name, {"movflags": "faststart"} if name == "clip.mp4" else None, num_frames=120)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    source = FileSource(path)
    assert source.probe().has_video
    played = play_fast(source)
    assert 20 < len(played.frames) < 115
    (event,) = played.events
    assert event.kind is EventKind.BROKEN
    assert "clip: " in event.detail
    assert "it was cut" in event.detail
    assert "\n" not in event.detail


def test_damage_in_the_middle_is_counted_and_played_over(make_clip, play_fast) -> None:
    path = make_clip("clip.ts", num_frames=150, options={"preset": "veryfast", "g": "15"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = np.random.default_rng(0).bytes(4000)
    path.write_bytes(bytes(data))
    played = play_fast(FileSource(path))
    assert played.kinds == ["ended"]
    assert len(played.frames) > 100
    assert played.frames[-1].t_ns > 4.5e9


def test_nothing_but_damage_ends_the_source_and_says_so(make_clip, play_fast) -> None:
    path = make_clip("clip.mp4", {"movflags": "faststart"}, num_frames=150)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = bytes([0xFF]) * (len(data) - start)
    path.write_bytes(bytes(data))
    played = play_fast(FileSource(path))
    assert played.frames == []
    assert played.feed.statistics().packets_damaged >= 100
    (event,) = played.events
    assert event.kind is EventKind.BROKEN
    assert "cannot be decoded" in event.detail


def test_a_playlist_does_not_reach_for_the_network(tmp_path) -> None:
    path = tmp_path / "list.m3u8"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/clip.ts"
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n")
        refusal(path)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_file_that_goes_away_between_the_look_and_the_playing_is_broken(make_clip, play_fast) -> None:
    path = make_clip("clip.mp4", num_frames=5)
    source = FileSource(path)
    source.probe()
    path.unlink()
    assert play_fast(source).kinds == ["broken"]
