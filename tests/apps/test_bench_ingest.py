import json

import av
import pytest

from millrace.apps.bench_ingest import bench_ingest, command, decode_bare, describe, make_files
from millrace.errors import ConfigError
from millrace.generation.checkpoint import save_narrator
from millrace.generation.config import HybridConfig
from millrace.generation.narrator import Narrator, NarratorConfig
from millrace.perception.encoder import EncoderConfig
from millrace.streams.world.language import vocabulary


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return make_files(tmp_path_factory.mktemp("ingest"), count=2, seconds=1.0)


@pytest.fixture(scope="module")
def narrator():
    backbone = HybridConfig(d_model=64, pattern="MA", mlp_hidden=64, window=64)
    return Narrator(
        NarratorConfig(backbone, EncoderConfig(width=32, num_blocks=1, mlp_hidden=32), vocabulary())
    )


def test_the_made_files_are_720p_h264_and_their_pictures_move(files):
    with av.open(str(files[0])) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 1280, 720)
        first, *_, last = (frame.to_ndarray(format="gray") for frame in container.decode(video=0))
    assert (abs(first.astype(int) - last) > 40).mean() > 0.02


def test_all_ways_see_the_same_files(files, narrator):
    result = bench_ingest(files, narrator.perception, repeats=1)
    assert result.num_frames == decode_bare(files) == 60
    assert result.live.num_frames == result.every_frame.num_frames == 60
    assert 2 <= result.live.frames_read <= result.every_frame.frames_read <= 12
    assert result.every_frame.tokens_offered == 60 * 12
    assert result.every_frame_ratio.median > 1
    assert result.live_ratio.lowest == pytest.approx(
        result.live_cpu_s.median / result.bare_cpu_s.median, rel=0.01
    )
    assert "of bare" in describe(result)[-1]


def test_the_command_writes_its_report(files, narrator, tmp_path, capsys):
    save_narrator(narrator, tmp_path / "small.safetensors")
    command(files[:1], str(tmp_path / "small.safetensors"), 1, tmp_path / "ingest.json")
    report = json.loads((tmp_path / "ingest.json").read_text())
    assert (report["version"], report["num_files"], report["num_frames"]) == (1, 1, 30)
    assert "bare decoding" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.mp4"):
        command([tmp_path / "none.mp4"])
