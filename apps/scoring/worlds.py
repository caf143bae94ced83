"""The narrator on rendered worlds, tick by tick, through the same perception as a live session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...generation.embedding import NS_PER_TICK
from ...generation.narrator import Narrator
from ...perception.blocks import CameraPlan
from ...perception.perception import Perception
from ...perception.pruning import Pruner
from ...streams.media import AudioChunk, Inputs, VideoFrame
from ...streams.world.events import WorldEvent
from ...streams.world.language import parse
from ...streams.world.world import World
from ..training.tickstreams import TICK_SAMPLES, stream_pictures

WORLD_S = 24.0
MAX_WORDS = 48  # a tick, as a live session with time to spare would plan

# Fixed for good: no training seed is below 1,000,000.
HELD_OUT = tuple((10_000 + n, 1 + n % 4, "mixed") for n in range(60))
HELD_OUT_EASY = tuple((12_000 + n, 1 + n % 4, "easy") for n in range(40))
CALIBRATION = tuple((20_000 + n, 1 + n % 4, "mixed") for n in range(200))

WorldSpec = tuple[int, int, str]  # seed, cameras, scene


@dataclass(frozen=True, slots=True)
class Narration:
    """What was said of one world, and what happened in it."""

    spec: WorldSpec
    scene: str
    said: tuple[WorldEvent, ...]
    happened: tuple[WorldEvent, ...]
    num_unreadable: int  # sentences that the grammar does not read
    tokens_offered: int
    tokens_kept: int


def narrate_world(
    narrator: Narrator,
    spec: WorldSpec,
    blind: bool = False,
    make_pruner: Callable[[], Pruner] | None = None,
    max_tokens: int = 6,
    duration_s: float = WORLD_S,
) -> Narration:
    """Run a model over one world. Blind: pictures and sound are zero, all else is the same."""
    seed, num_cameras, scene = spec
    world = World(seed, num_cameras, scene, duration_s)
    names = [f"cam{n + 1}" for n in range(num_cameras)]
    perception, state = Perception(narrator.encoder, names, make_pruner), narrator.new_state()
    plan = {name: CameraPlan(max_tokens=max_tokens) for name in names}
    said, words, unreadable, offered, kept = list[WorldEvent](), list[str](), 0, 0, 0
    begun_ns = 0
    for inputs in _inputs(world, names, blind):
        seen = perception.read(inputs, plan)
        offered += sum(block.num_offered for block in seen.blocks)
        kept += sum(block.num_kept for block in seen.blocks)
        hidden = narrator.read(inputs.t_ns, seen.blocks, state)
        for word in narrator.write(hidden, state, MAX_WORDS):
            begun_ns = begun_ns if words else inputs.t_ns - narrator.text_delay_ns
            if not word.is_end:
                words.append(word.text)
                continue
            event = parse(" ".join(words), begun_ns)
            words = []
            unreadable += event is None
            said += [] if event is None else [event]
    return Narration(spec, world.scene, tuple(said), world.events, unreadable, offered, kept)


def _inputs(world: World, names: Sequence[str], blind: bool) -> Iterator[Inputs]:
    """One tick after another, half of the worlds through a real H.264 encoder."""
    rng = np.random.default_rng([world.seed, 77])
    num_ticks = int(world.duration_s * 1e9) // NS_PER_TICK
    pictures = [stream_pictures(world, camera, num_ticks, rng) for camera in range(world.num_cameras)]
    for tick in range(1, num_ticks + 1):
        t_ns = tick * NS_PER_TICK
        samples = world.soundtrack.samples[(tick - 1) * TICK_SAMPLES : tick * TICK_SAMPLES]
        views = {name: pictures[camera][tick - 1] for camera, name in enumerate(names)}
        yield Inputs(
            t_ns,
            frames={n: VideoFrame(n, t_ns, np.zeros_like(v) if blind else v) for n, v in views.items()},
            audio={
                "mic": [AudioChunk("mic", t_ns - NS_PER_TICK, np.zeros_like(samples) if blind else samples)]
            },
        )
