"""What is where in the frames of a video, a few times a second."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH
from ...streams.world.events import HAND
from ...streams.world.stage import Sighting, mark
from ...streams.world.world import World
from .labels import marks_of
from .shots import NS_PER_S, Format, Shot

TICK_HZ = 5  # how often the model looks


@dataclass(slots=True)
class Truth:
    """Boxes and the names of masks, gathered from the first frame at or after every tick."""

    world: World
    camera: int
    form: Format
    boxes: list[dict[str, Any]] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)

    def look(self, shot: Shot) -> None:
        """Take down a frame, if it is the first of its tick; frames come in order."""
        if shot.number and _tick(shot.t_ns) == _tick((shot.number - 1) * NS_PER_S // self.form.fps):
            return
        sightings = self.world.sightings(self.camera, shot.t_ns)
        self.marks |= marks_of(sightings)
        things = [self._thing(sighting, shot.identities) for sighting in sightings]
        self.boxes.append({"frame": shot.number, "t_s": shot.t_ns / 1e9, "things": things})

    def _thing(self, seen: Sighting, identities: NDArray[np.uint8]) -> dict[str, Any]:
        scale = np.array([self.form.width / VIEW_WIDTH, self.form.height / VIEW_HEIGHT])
        return {
            "id": seen.identity,
            "kind": seen.thing.kind,
            "colour": None if seen.thing.kind == HAND else seen.thing.colour,
            "box": box_of(identities == mark(seen.identity)),
            "centre": [round(float(v), 1) for v in scale * (seen.x, seen.y)],
            "share": round(seen.share, 3),
            "moving": seen.is_moving,
        }


def box_of(mask: NDArray[np.bool_]) -> list[int] | None:
    """Left, top, width and height of what is true in a mask [H, W]; None where nothing is."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    left, top = int(columns[0]), int(rows[0])
    return [left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1]


def _tick(t_ns: int) -> int:
    return t_ns * TICK_HZ // NS_PER_S
