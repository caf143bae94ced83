"""Real files, a small untrained model, and the installed `agent` command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from millrace.generation.checkpoint import save_narrator
from millrace.generation.config import HybridConfig
from millrace.generation.narrator import Narrator, NarratorConfig
from millrace.perception.encoder import EncoderConfig
from millrace.streams.world.language import vocabulary

AGENT = Path(sys.executable).with_name("agent")
LIMIT_S = 60  # far more than any of it needs: a hang is a failure, a slow machine is not

Agent = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Torch with one thread, as in a worker's process; as many as before afterwards."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Agent:
    """Runs the installed command in an empty folder, as a person would, and waits for its end."""
    folder = tmp_path_factory.mktemp("elsewhere")

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(argument) for argument in (AGENT, *arguments)]
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, stdin=subprocess.DEVNULL
        )

    return run


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a small untrained model: it says nothing sensible, but it reads and writes like any other.

    It takes everything for a small thing.
    """
    torch.manual_seed(0)
    shape = HybridConfig(d_model=64, pattern="MA", num_heads=2, num_kv_heads=1, mlp_hidden=64, window=64)
    config = NarratorConfig(backbone=shape, encoder=EncoderConfig(), words=vocabulary())
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    narrator = Narrator(config)
    with torch.no_grad():
        narrator.encoder.heads.bias[0] = 2.0
        narrator.embedding.fovea.fill_(0.1)  # as if it knew closer looks
    save_narrator(narrator, path)
    return path


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `good.mp4` and `good.mkv`: three seconds of a bright block that crosses a dark room."""
    folder = tmp_path_factory.mktemp("clips")
    for name in ("good.mp4", "good.mkv"):
        write_video(folder / name)
    return folder


@pytest.fixture(scope="session")
def sound_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`sound.mp4`: a second of a tone, no video track."""
    path = tmp_path_factory.mktemp("sound") / "sound.mp4"
    write_sound(path)
    return path


def write_video(path: Path, num_frames: int = 75, fps: int = 25) -> None:
    """H.264 with a key picture every second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "g": str(fps)})
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        room = np.random.default_rng(0).integers(0, 60, (192, 320, 3), np.uint8)
        for number in range(num_frames):
            picture = room.copy()
            left = 4 * number % 280
            picture[60:110, left : left + 40] = (230, 40, 40)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def write_sound(path: Path, seconds: float = 1.0, rate_hz: int = 16_000) -> None:
    """A tone and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=rate_hz, layout="mono")
        times = np.arange(int(seconds * rate_hz), dtype=np.float32) / rate_hz
        tone = (0.3 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        frame.sample_rate = rate_hz
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
