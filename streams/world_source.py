"""Rendered cameras as a live source: `world:seed=7,scene=easy,camera=2,cameras=4`."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from ..errors import SourceError
from .clock import NS_PER_S
from .media import SAMPLE_RATE_HZ, VIEW_HEIGHT, VIEW_WIDTH, AudioChunk, VideoFrame
from .source import Feed, SourceInfo
from .world.language import MAX_CAMERAS
from .world.native import WorldNative
from .world.recipes import MIXTURES, SCENE_NAMES
from .world.world import World

EPISODE_S = 60  # a new world, with another seed, takes over after each minute


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """What may stand behind `world:`."""

    seed: int = 7
    scene: str = "easy"
    camera: int = 1  # which of the world's cameras, from 1; the first also hears
    cameras: int = 4
    fps: int = 25
    seconds: int = 0  # 0: for ever


class WorldSource:
    """One camera of a rendered world. Sources of equal seed and `cameras` look at the same world."""

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        """Raises SourceError for an unknown or impossible option."""
        self.name = name
        self.options = _checked(name, options)

    def probe(self) -> SourceInfo:
        """Always there. The first world is made here, so that its first frame is not late."""
        o = self.options
        _world(o.seed, o.cameras, o.scene)
        return SourceInfo(
            has_video=True,
            has_audio=o.camera == 1,
            width=VIEW_WIDTH,
            height=VIEW_HEIGHT,
            fps=float(o.fps),
            duration_ns=o.seconds * NS_PER_S or None,
            detail=f"rendered world, seed {o.seed}, scene {o.scene}, camera {o.camera} of {o.cameras}",
        )

    def run(self, feed: Feed, stop: threading.Event) -> None:
        """Render until stopped, in the pace of the feed's clock or as fast as frames are taken."""
        period_ns = NS_PER_S // self.options.fps
        end_ns = self.options.seconds * NS_PER_S
        index = 0
        while not stop.is_set() and not (end_ns and index * period_ns >= end_ns):
            t_ns = index * period_ns
            if feed.realtime and not feed.clock.wait_until(feed.start_ns + t_ns, stop):
                return
            if not self._give(feed, index, t_ns, period_ns):
                return
            feed.watermark(feed.start_ns + t_ns)
            index += 1

    def _give(self, feed: Feed, index: int, t_ns: int, period_ns: int) -> bool:
        """One frame and the sound up to it; False once nobody takes them."""
        episode, local_ns = divmod(t_ns, EPISODE_S * NS_PER_S)
        world = _world(self.options.seed + 1000 * episode, self.options.cameras, self.options.scene)
        if self.options.camera == 1 and local_ns:
            start, end = (t * SAMPLE_RATE_HZ // NS_PER_S for t in (local_ns - period_ns, local_ns))
            heard = AudioChunk(
                feed.name, feed.start_ns + t_ns - period_ns, world.soundtrack.samples[start:end]
            )
            if not feed.audio(heard):
                return False
        native = WorldNative(world, self.options.camera - 1, local_ns)
        pixels = world.picture(native.camera, local_ns).pixels
        return feed.video(VideoFrame(feed.name, feed.start_ns + t_ns, pixels, index=index, native=native))


@lru_cache(maxsize=8)
def _world(seed: int, num_cameras: int, scene: str) -> World:
    return World(seed, num_cameras, scene, float(EPISODE_S))


def _checked(name: str, options: Mapping[str, str]) -> WorldOptions:
    known = WorldOptions.__dataclass_fields__
    values: dict[str, int | str] = {}
    for key, text in options.items():
        if key not in known:
            raise SourceError(f"{name}: world option {key!r} is unknown: use {', '.join(known)}")
        try:
            values[key] = text if key == "scene" else int(text)
        except ValueError:
            raise SourceError(f"{name}: world option {key}={text!r} must be a whole number") from None
    made = WorldOptions(**values)  # type: ignore[arg-type]
    if made.scene not in (*MIXTURES, *SCENE_NAMES):
        choices = ", ".join((*MIXTURES, *SCENE_NAMES))
        raise SourceError(f"{name}: world scene {made.scene!r} is unknown: use {choices}")
    if not (
        1 <= made.camera <= made.cameras <= MAX_CAMERAS
        and 1 <= made.fps <= 60
        and made.seconds >= 0
        and made.seed >= 0
    ):
        raise SourceError(
            f"{name}: need 1 <= camera <= cameras <= {MAX_CAMERAS}, fps 1..60, seed and seconds at least 0"
        )
    return made
