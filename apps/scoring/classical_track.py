"""One thing that is followed: where it is, how large it is as a whole, how it looks, and where it has been."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH
from .classical_background import Floats, Sight
from .classical_blobs import Blob
from .classical_template import Template, template_of

_STEADY = 0.35  # rate at which size and area follow, once a thing was seen whole
_GAIN_ALONE, _GAIN_GROUPED = 0.6, 0.4  # of the velocity's filter


@dataclass(slots=True, eq=False)
class Track:
    """One thing, in pixels of the room (the view of the first picture); sizes are those of the whole thing."""

    identity: int
    born: int  # tick
    x: float  # middle of its box; between two pictures the prediction
    y: float
    width: float
    height: float
    area: float
    colour: Floats  # [3]
    is_from_border: bool
    was_there: bool = False  # when the stream began
    vx: float = 0.0  # pixels a tick
    vy: float = 0.0
    seen: int = 0  # ticks
    missed: int = 0  # ticks since it was last seen
    blob: Blob | None = None  # of this tick; None in a group or out of sight
    is_grouped: bool = False
    ticks_apart: int = 0  # since it was last in a group
    is_cut: bool = False  # was at the border when it was last seen
    is_whole: bool = False  # has been seen uncut
    template: Template | None = None
    lean: tuple[float, float] = (0.0, 0.0)  # of its centre of mass from the middle of its box
    reach: float = 0.0  # farthest it has been from where it began, in pixels
    origin: tuple[float, float] | None = None
    # Tick and centre of mass, where it was seen.
    way: deque[tuple[int, float, float]] = field(default_factory=lambda: deque(maxlen=12))

    @property
    def side(self) -> float:
        return float(np.sqrt(self.width * self.height))

    @property
    def speed(self) -> float:
        """Pixels a tick."""
        return float(np.hypot(self.vx, self.vy))

    def place(self, shift: Floats) -> tuple[float, float]:
        """Its middle in pixels of the view."""
        return self.x - float(shift[0]), self.y - float(shift[1])

    def share(self, shift: Floats) -> float:
        """Of its box, inside the view."""
        x, y = self.place(shift)
        inside_x = min(x + self.width / 2, VIEW_WIDTH) - max(x - self.width / 2, 0)
        inside_y = min(y + self.height / 2, VIEW_HEIGHT) - max(y - self.height / 2, 0)
        return max(inside_x, 0) * max(inside_y, 0) / max(self.width * self.height, 1)

    def predict(self) -> None:
        """Move on by one tick."""
        self.blob, self.is_grouped = None, False
        self.ticks_apart += 1
        self.x, self.y = self.x + self.vx, self.y + self.vy

    def measure(self, blob: Blob, sight: Sight, tick: int) -> None:
        """Take position, size and looks from a blob of its own."""
        cut = blob.cut
        self._resize(blob)
        x = _middle(blob.x0, blob.x1, self.width, "left" in cut, "right" in cut)
        y = _middle(blob.y0, blob.y1, self.height, "top" in cut, "bottom" in cut)
        if not cut:
            self.lean = (blob.centre[0] - x, blob.centre[1] - y)
        self._move((x, y), sight.shift, tick, _GAIN_ALONE)
        self.blob, self.is_cut = blob, bool(cut)
        self.colour = self.colour + np.float32(0.3) * (blob.colour - self.colour)
        if not cut:
            self.area += (_STEADY if self.is_whole else 1.0) * (blob.area - self.area)
            self.is_whole = True
        elif not self.is_whole:
            self.area = max(self.area, blob.area / max(self.share(sight.shift), 0.25))
        is_better = self.template is None or (not self.template.is_whole and blob.area > self.template.area)
        if not cut or is_better:
            self.template = template_of(blob, sight, (x, y))

    def join_group(self, at: tuple[float, float], shift: Floats, tick: int) -> None:
        """Be seen among others, its middle at a place of the view."""
        self._move(at, shift, tick, _GAIN_GROUPED)
        self.is_grouped, self.ticks_apart = True, 0
        self.is_cut = self.share(shift) < 0.97

    def _resize(self, blob: Blob) -> None:
        """A side that is cut can only be longer than it looks."""
        width, height = float(blob.x1 - blob.x0), float(blob.y1 - blob.y0)
        rate = _STEADY if self.is_whole else 1.0
        is_cut_across, is_cut_along = blob.cut & {"left", "right"}, blob.cut & {"top", "bottom"}
        self.width = max(self.width, width) if is_cut_across else self.width + rate * (width - self.width)
        self.height = (
            max(self.height, height) if is_cut_along else self.height + rate * (height - self.height)
        )

    def _move(self, at: tuple[float, float], shift: Floats, tick: int, gain: float) -> None:
        """Alpha-beta filter (with an alpha of 1) from the prediction to a place of the view."""
        x, y = at[0] + float(shift[0]), at[1] + float(shift[1])
        if self.seen > 0:
            gain = 1.0 if self.seen == 1 else gain
            self.vx, self.vy = self.vx + gain * (x - self.x), self.vy + gain * (y - self.y)
        self.x, self.y = x, y
        self.origin = self.origin or (x, y)
        self.reach = max(self.reach, float(np.hypot(x - self.origin[0], y - self.origin[1])))
        self.way.append((tick, x + self.lean[0], y + self.lean[1]))
        self.seen, self.missed = self.seen + 1, 0


def _middle(low: int, high: int, size: float, is_cut_low: bool, is_cut_high: bool) -> float:
    if is_cut_low and not is_cut_high:
        return high - size / 2
    if is_cut_high and not is_cut_low:
        return low + size / 2
    return (low + high) / 2
