"""What the first ticks cost extra, paid before the session: lazy set-up in libraries, caches, page faults."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ..perception.blocks import CameraPlan
from ..streams.media import SAMPLE_RATE_HZ, VIEW_HEIGHT, VIEW_WIDTH, AudioChunk, Inputs, VideoFrame
from .budget import Limits
from .tick import Looker, Speaker

_LEAST_ROUNDS = 3
_ROUND_NS = 200_000_000


def warm_up(looker: Looker, speaker: Speaker, cameras: Sequence[str], limits: Limits) -> None:
    """Looks at noise and thinks about it in a state that is thrown away; perception forgets it."""
    state, noise = speaker.new_state(), np.random.default_rng(0)
    plan = {camera: CameraPlan(max_tokens=limits.max_camera_tokens) for camera in cameras}
    with torch.inference_mode():
        # One camera more each time: libraries keep something for every number of pictures they have seen.
        for round_number in range(max(_LEAST_ROUNDS, len(cameras))):
            inputs = noise_inputs(round_number * _ROUND_NS, cameras[: round_number + 1], noise)
            blocks = looker.read(inputs, plan).blocks
            hidden = speaker.read(inputs.t_ns, blocks, state, limits.depth)
            for _ in speaker.write(hidden, state, limits.max_text_tokens, limits.depth):
                pass
    looker.reset()


def noise_inputs(t_ns: int, cameras: Sequence[str], noise: np.random.Generator) -> Inputs:
    """A noisy picture for each camera and a fifth of a second of noise to hear."""
    shape = (VIEW_HEIGHT, VIEW_WIDTH, 3)
    frames = {name: VideoFrame(name, t_ns, noise.integers(0, 256, shape, np.uint8), 1.0) for name in cameras}
    samples = noise.uniform(-0.1, 0.1, SAMPLE_RATE_HZ // 5).astype(np.float32)
    return Inputs(t_ns, frames, audio={"mic": [AudioChunk("mic", t_ns, samples)]})
