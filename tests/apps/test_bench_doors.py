import json

import av
import pytest

from millrace.apps import bench_doors as bench
from millrace.apps.bench_doors import command, quantiles
from millrace.apps.bench_senders import FPS, encode_clip
from millrace.errors import ConfigError
from millrace.generation.checkpoint import save_narrator
from millrace.generation.config import HybridConfig
from millrace.generation.narrator import Narrator, NarratorConfig
from millrace.perception.encoder import EncoderConfig
from millrace.streams.world.language import vocabulary
from millrace.streams.world.world import World


@pytest.fixture(scope="module")
def narrator():
    backbone = HybridConfig(d_model=64, pattern="MA", mlp_hidden=64, window=64)
    return Narrator(
        NarratorConfig(backbone, EncoderConfig(width=32, num_blocks=1, mlp_hidden=32), vocabulary())
    )


@pytest.mark.parametrize(("codec", "library"), [("H264", "h264"), ("VP8", "vp8")])
def test_a_clip_is_encoded_picture_by_picture_and_begins_with_a_key(codec, library):
    pictures = encode_clip(World(7, 1, "lobby", 1.0), 0, codec, 0.2)
    decoder = av.CodecContext.create(library, "r")
    frames = [frame for data in [*pictures, None] for frame in decoder.decode(data and av.Packet(data))]
    assert len(pictures) == len(frames) == FPS // 5
    assert frames[0].key_frame and (frames[0].width, frames[0].height) == (1280, 720)


def test_the_server_is_measured_with_a_real_sender_at_its_door(narrator, tmp_path, capsys):
    save_narrator(narrator, tmp_path / "small.safetensors")
    command(1, 1.0, "h264", str(tmp_path / "small.safetensors"), tmp_path / "doors.json")
    report, text = json.loads((tmp_path / "doors.json").read_text()), capsys.readouterr().out
    assert (report["version"], report["num_senders"], report["codec"]) == (1, 1, "H264")
    assert report["seconds"] >= 1 and report["num_ticks"] > 0 and 0 <= report["in_time"] <= 1
    assert 0 <= report["lag_ms"]["p50"] <= report["lag_ms"]["p99"] <= report["lag_ms"]["max"]
    assert report["decoded_per_s"] > 0 and report["kbps_each"] > 100
    assert set(report["dropped"]) == {"replaced", "late", "decode_error", "undecoded"}
    assert "1 WHIP senders, 1280x720 H264" in text and "loop lag" in text and "within 200 ms" in text


def test_figures_of_nothing_are_zeros():
    assert quantiles([]) == bench.Quantiles(0.0, 0.0, 0.0)
    assert quantiles([1.0, 2.0, 9.0]).max == 9.0


def test_a_codec_that_nobody_speaks_is_refused():
    with pytest.raises(ConfigError, match="give h264 or vp8"):
        command(codec="av1")
