from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from millrace.errors import SourceError
from millrace.streams.camera import CameraSource
from millrace.streams.decoder import DecodeMode
from millrace.streams.file import FileSource
from millrace.streams.microphone import MicrophoneSource
from millrace.streams.rtsp import RtspSource
from millrace.streams.spec import parse_options, parse_source


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("0", CameraSource, "camera0"),
        ("/dev/video0", CameraSource, "camera0"),
        ("yard=1", CameraSource, "yard"),
        ("clip.mp4", FileSource, "clip"),
        ("some/where/clip", FileSource, "clip"),
        ("door=clip.mp4", FileSource, "door"),
        ("./a=b.mp4", FileSource, "a=b"),
        ("mic", MicrophoneSource, "mic"),
        ("mic:2", MicrophoneSource, "mic2"),
        ("ear=mic:2", MicrophoneSource, "ear"),
        ("rtsp://user:pass@10.0.0.2:8554/stream?channel=1", RtspSource, "10.0.0.2"),
        ("RTSPS://camera.local/1?transport=udp", RtspSource, "camera.local"),
        ("door=rtsp://[fe80::1]/x", RtspSource, "door"),
    ],
)
def test_each_form_gives_its_source_and_name(text: str, kind: type, name: str) -> None:
    source = parse_source(text)
    assert isinstance(source, kind)
    assert source.name == name


def test_a_rendered_world_takes_its_options() -> None:
    source = parse_source("lab=world:seed=9,scene=easy")
    assert source.name == "lab"
    assert source.options.seed == 9
    assert parse_source("world").name == "world"


def test_how_much_is_decoded_may_stand_behind_a_file() -> None:
    source = parse_source("door=clip.mp4?decode=sparse")
    assert (source.name, source.path.name, source.decode) == ("door", "clip.mp4", DecodeMode.SPARSE)
    with pytest.raises(SourceError, match="decode=most is unknown; give one of auto, all, sparse"):
        parse_source("clip.mp4?decode=most")


def test_a_file_that_is_there_wins_over_the_grammar(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=b.mp4").touch()
    (tmp_path / "noending").touch()
    assert parse_source("a=b.mp4").name == "a=b"
    assert parse_source("noending").name == "noending"


@pytest.mark.parametrize("text", ["", "  ", "camera", "door=", "ftp://x/y.mp4", "...", "-1", "mic=", "a b"])
def test_an_unknown_string_is_named_and_the_forms_are_listed(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_source(text)
    message = str(caught.value)
    assert repr(text.strip()) in message
    assert "clip.mp4 (file)" in message
    assert "\n" not in message


@pytest.mark.parametrize("text", ["door=rtmp://host/1", "http://user:hunter2@host/a.mp4", "srt://host:1"])
def test_of_network_sources_only_rtsp_is_opened(text: str) -> None:
    with pytest.raises(SourceError, match="only rtsp:// and rtsps:// can be opened; record others") as caught:
        parse_source(text)
    assert "hunter2" not in str(caught.value)


def test_the_transport_of_a_network_camera_may_be_chosen() -> None:
    assert parse_source("rtsp://host/1").address.transport == "tcp"
    assert parse_source("rtsp://host/1?transport=udp").address.transport == "udp"
    with pytest.raises(SourceError, match="transport=pigeon is unknown; give tcp or udp"):
        parse_source("door=rtsp://host/1?transport=pigeon")


def test_a_microphone_has_a_number() -> None:
    with pytest.raises(SourceError, match="'left' is not a number; `agent devices` lists"):
        parse_source("mic:left")


@pytest.mark.parametrize("text", ["world:seed", "world:=1", "world:seed=", "world:seed=1,seed=2"])
def test_a_bad_option_is_named(text: str) -> None:
    with pytest.raises(SourceError, match="world:"):
        parse_source(text)


keys = st.text("abcdefgh_", min_size=1, max_size=6)
values = st.text("abc123.-", min_size=1, max_size=6)


@given(st.dictionaries(keys, values, max_size=5))
def test_options_come_back_as_they_were_written(options: dict[str, str]) -> None:
    assert parse_options("world:" + ",".join(f"{key}={value}" for key, value in options.items())) == options


@given(st.text(max_size=40))
@example("\x00.mp4")
@example("x" * 5000 + ".mp4")
@example("a=\n.")
def test_any_string_is_a_source_or_one_line(text: str) -> None:
    try:
        source = parse_source(text)
    except SourceError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert source.name
