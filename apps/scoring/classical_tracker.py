"""Many things in one camera's view: blobs to tracks by the Hungarian method, overlaps by what each looks like."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH
from .classical_assignment import assign
from .classical_background import Background, Floats, Mask, Sight
from .classical_blobs import MIN_AREA, Blob, blobs_of, is_ghost, joined
from .classical_names import is_shape
from .classical_opening import opening_things
from .classical_template import Template, template_of

_COAST_TICKS = 8
_GATE_PX = 22.0
_LEAP_PX = 48.0  # a bounce may carry what is small and fast so far from where it was expected
_SAME_COLOUR = 35.0  # mean difference of RGB
_HIDDEN = 0.75  # mean cost above which a template is not found
_STUCK_TICKS = 15  # what came from nowhere and has not moved for so long is a change of the room


@dataclass(slots=True, eq=False)
class Track:
    """One thing, in pixels of the room (the view of the first picture); sizes are those of the whole thing."""

    identity: int
    born: int  # tick
    x: float  # middle of its box
    y: float
    width: float
    height: float
    area: float
    colour: Floats
    is_from_border: bool
    was_there: bool = False  # when the stream began
    vx: float = 0.0  # pixels a tick
    vy: float = 0.0
    seen: int = 1
    missed: int = 0
    blob: Blob | None = None  # of this tick; None in a group or out of sight
    is_grouped: bool = False
    ticks_apart: int = 0  # since it was last in a group
    before: tuple[float, float, float, float, int] = (0.0, 0.0, 0.0, 0.0, 0)  # prediction, to go back to
    is_whole: bool = False  # has been seen uncut
    template: Template | None = None
    way: deque[tuple[int, float, float]] = field(default_factory=lambda: deque(maxlen=12))
    reach: float = 0.0  # farthest it has been from where it began, in pixels
    origin: tuple[float, float] = (0.0, 0.0)

    @property
    def side(self) -> float:
        return float(np.sqrt(self.width * self.height))

    def share(self, shift: Floats) -> float:
        """Of its box, inside the view."""
        x, y = self.x - float(shift[0]), self.y - float(shift[1])
        inside_x = min(x + self.width / 2, VIEW_WIDTH) - max(x - self.width / 2, 0)
        inside_y = min(y + self.height / 2, VIEW_HEIGHT) - max(y - self.height / 2, 0)
        return max(inside_x, 0) * max(inside_y, 0) / max(self.width * self.height, 1)


class Tracker:
    """The tracks of one camera; `follow` takes one picture's sight."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self.ended: list[Track] = []  # in the last picture
        self.tick = 0
        self._next = 1

    def begin(self, blob: Blob, sight: Sight, was_there: bool = False) -> Track:
        """A new track."""
        x, y = blob.middle
        width, height = float(blob.x1 - blob.x0), float(blob.y1 - blob.y0)
        if blob.cut & {"left", "right"}:
            width = max(width, min(height, 48.0))
        if blob.cut & {"top", "bottom"}:
            height = max(height, min(width, 48.0))
        track = Track(
            self._next, self.tick, x, y, width, height, blob.area, blob.colour, bool(blob.cut), was_there
        )
        self._next += 1
        self._measure(track, blob, sight)
        track.vx = track.vy = 0.0
        track.origin = (track.x, track.y)
        self.tracks.append(track)
        return track

    def follow(self, sight: Sight, background: Background) -> None:
        """Move all tracks on to this picture; begin new ones, end those that are gone."""
        self.tick += 1
        self.ended = []
        if self.tick == 1:
            sight = self._open(sight, background)
        for track in self.tracks:
            track.blob, track.is_grouped = None, False
            track.ticks_apart += 1
            track.x, track.y = track.x + track.vx, track.y + track.vy
        blobs = blobs_of(sight.mask, sight.colour)
        free = self._part_groups(blobs, sight)
        rest = self._assign(free, sight)
        for blob in rest:
            self._consider(blob, sight, background)
        self._lay_ghosts(sight, background)
        self._coast(sight, background)
        background.learn(sight, self._hold(sight))

    def _open(self, sight: Sight, background: Background) -> Sight:
        for blob in opening_things(sight):
            bare = background.paint_over(sight, _grown(blob, sight, 5))
            if is_shape(blob, bare):
                sight = bare
                self.begin(blob, sight, was_there=True)
            else:
                background.replace(sight, _grown(blob, sight, 5))
        return sight

    def _part_groups(self, blobs: Sequence[Blob], sight: Sight) -> list[Blob]:
        """Blobs that are one thing's at most, after those of several things are dealt out by appearance."""
        free: list[Blob] = []
        for blob in blobs:
            inside = [t for t in self.tracks if t.template is not None and self._covers(blob, t, sight)]
            crowded = len(inside) > 1 or (
                len(inside) == 1
                and inside[0].is_whole
                and inside[0].seen > 2
                and blob.area > 1.3 * inside[0].area + 20
            )
            if crowded:
                free += self._deal(blob, inside, sight)
            else:
                free.append(blob)
        return free

    def _covers(self, blob: Blob, track: Track, sight: Sight) -> bool:
        """Whether a track's place lies mostly in a blob."""
        x, y = track.x - sight.shift[0], track.y - sight.shift[1]
        x0, x1 = max(x - track.width / 2, blob.x0), min(x + track.width / 2, blob.x1)
        y0, y1 = max(y - track.height / 2, blob.y0), min(y + track.height / 2, blob.y1)
        if x0 >= x1 or y0 >= y1:
            return False
        part = blob.mask[int(y0) - blob.y0 : int(y1) - blob.y0 + 1, int(x0) - blob.x0 : int(x1) - blob.x0 + 1]
        shown = max(track.share(sight.shift), 0.1)
        return float(part.sum()) > 0.4 * track.area * shown

    def _deal(self, blob: Blob, tracks: Sequence[Track], sight: Sight) -> list[Blob]:
        """Find each track in the blob by its template; what none of them explains are blobs of their own."""
        explained = np.zeros(sight.mask.shape, np.uint8)
        found = [track for track in tracks if self._find(track, sight, explained)]
        if not found or (len(found) == 1 and len(tracks) > 1 and found[0].area > 0.8 * blob.area):
            for track in found:
                self._unfind(track)
            return [blob]
        own = np.zeros(sight.mask.shape, bool)
        own[blob.box] = blob.mask
        left = (own & (explained == 0)).astype(np.uint8)
        left = cv2.morphologyEx(left, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        pieces = [b for b in blobs_of(left > 0, sight.colour) if b.area >= 2 * MIN_AREA]
        # A piece of a member's own colour is a part of it that its template did not cover.
        strange = [b for b in pieces if all(_colours_apart(b.colour, t.colour) > _SAME_COLOUR for t in found)]
        if len(found) == 1 and not strange:
            self._unfind(found[0])
            return [blob]
        return strange

    def _find(self, track: Track, sight: Sight, explained: NDArray[np.uint8]) -> bool:
        assert track.template is not None
        shift_x, shift_y = float(sight.shift[0]), float(sight.shift[1])
        reach = int(np.clip(3 + 0.6 * np.hypot(track.vx, track.vy), 4, 10))
        # What was lost is not found again by a vague likeness.
        most = _HIDDEN if track.missed == 0 else _HIDDEN / 2
        at = track.template.locate(sight.colour, (track.x - shift_x, track.y - shift_y), reach, most)
        if at is None:
            return False
        track.before = (track.x, track.y, track.vx, track.vy, track.missed)
        self._move(track, at[0] + shift_x, at[1] + shift_y, 0.4)
        track.is_grouped, track.missed = True, 0
        track.ticks_apart = 0
        track.seen += 1
        track.template.stamp(explained, at)
        return True

    def _unfind(self, track: Track) -> None:
        track.x, track.y, track.vx, track.vy, track.missed = track.before
        track.way.pop()
        track.is_grouped = False
        track.seen -= 1

    def _assign(self, blobs: list[Blob], sight: Sight) -> list[Blob]:
        """One blob to one track at the least total cost; returns the blobs that no track takes."""
        tracks = [t for t in self.tracks if not t.is_grouped]
        if not tracks or not blobs:
            return blobs
        costs = np.array([[self._cost(t, b, sight) for b in blobs] for t in tracks])
        pairs = [(row, column) for row, column in assign(np.minimum(costs, 1e3)) if costs[row, column] < 3]
        taken = {c: tracks[r] for r, c in pairs}
        taken |= self._leap([t for n, t in enumerate(tracks) if n not in dict(pairs)], blobs, taken, sight)
        rest = [b for n, b in enumerate(blobs) if n not in taken]
        pieces = {id(t): blobs[n] for n, t in taken.items()}
        rest = self._gather(pieces, list(taken.values()), rest, sight)
        for track in taken.values():
            self._measure(track, pieces[id(track)], sight)
            track.seen += 1
        return rest

    def _leap(
        self, tracks: list[Track], blobs: list[Blob], taken: dict[int, Track], sight: Sight
    ) -> dict[int, Track]:
        """What is left may have bounced: the same colour and size some way off."""
        found: dict[int, Track] = {}
        for track in tracks:
            if track.missed > 1:
                continue
            for n, blob in enumerate(blobs):
                x, y = blob.middle[0] + float(sight.shift[0]), blob.middle[1] + float(sight.shift[1])
                is_near = np.hypot(x - track.x, y - track.y) < _LEAP_PX
                is_alike = _colours_apart(track.colour, blob.colour) < _SAME_COLOUR
                is_free = n not in taken and n not in found and not blob.cut
                if is_free and is_near and is_alike and 0.6 < blob.area / max(track.area, 1) < 1.6:
                    found[n] = track
                    break
        return found

    def _cost(self, track: Track, blob: Blob, sight: Sight) -> float:
        x, y = blob.middle
        x, y = x + float(sight.shift[0]), y + float(sight.shift[1])
        dx, dy = (
            max(abs(x - track.x) - self._slack(track.width, blob, "x"), 0),
            max(abs(y - track.y) - self._slack(track.height, blob, "y"), 0),
        )
        gate = _GATE_PX * (0.6 if track.seen > 3 else 1.0) + 2.0 * track.missed + 0.2 * track.side
        far = float(np.hypot(dx, dy)) / gate
        if far > 1:
            return 1e6
        colour = _colours_apart(track.colour, blob.colour) / 40
        size = abs(
            float(np.log(max(blob.area, 1) / max(track.area * max(track.share(sight.shift), 0.15), 1)))
        )
        return far + min(colour, 2.0) + 0.5 * min(size, 2.0)

    def _slack(self, size: float, blob: Blob, axis: str) -> float:
        """A cut blob's middle is not the thing's."""
        sides = {"left", "right"} if axis == "x" else {"top", "bottom"}
        shown = blob.x1 - blob.x0 if axis == "x" else blob.y1 - blob.y0
        return max(size - shown, 0) / 2 if blob.cut & sides else 0.0

    def _gather(
        self, pieces: dict[int, Blob], tracks: Sequence[Track], rest: list[Blob], sight: Sight
    ) -> list[Blob]:
        """Give loose pieces to the track in whose box they lie: a thing may fall apart where it is like the room."""
        left = []
        for blob in rest:
            x, y = blob.middle[0] + float(sight.shift[0]), blob.middle[1] + float(sight.shift[1])
            owner = next(
                (
                    t
                    for t in tracks
                    if abs(x - t.x) < t.width / 2 + 1
                    and abs(y - t.y) < t.height / 2 + 1
                    and pieces[id(t)].area < 0.9 * t.area * t.share(sight.shift)
                    and _colours_apart(t.colour, blob.colour) < 45
                ),
                None,
            )
            if owner is None:
                left.append(blob)
            else:
                pieces[id(owner)] = joined(pieces[id(owner)], blob, sight.colour)
        return left

    def _measure(self, track: Track, blob: Blob, sight: Sight) -> None:
        """Take position and size from a blob of its own."""
        cut = blob.cut
        width, height = float(blob.x1 - blob.x0), float(blob.y1 - blob.y0)
        across, along = cut & {"left", "right"}, cut & {"top", "bottom"}
        rate = 0.35 if track.is_whole else 1.0
        if across:
            track.width = max(track.width, width)
        else:
            track.width += (rate if track.seen > 1 else 1.0) * (width - track.width)
        if along:
            track.height = max(track.height, height)
        else:
            track.height += (rate if track.seen > 1 else 1.0) * (height - track.height)
        x = _middle(blob.x0, blob.x1, track.width, "left" in cut, "right" in cut)
        y = _middle(blob.y0, blob.y1, track.height, "top" in cut, "bottom" in cut)
        self._move(track, x + float(sight.shift[0]), y + float(sight.shift[1]), 0.6)
        track.blob, track.missed = blob, 0
        track.colour = track.colour + np.float32(0.3) * (blob.colour - track.colour)
        if not cut:
            track.area += (0.35 if track.is_whole else 1.0) * (blob.area - track.area)
            track.is_whole = True
        elif not track.is_whole:
            track.area = max(track.area, blob.area / max(track.share(sight.shift), 0.25))
        if (
            not cut
            or track.template is None
            or (not track.template.is_whole and blob.area > track.template.area)
        ):
            track.template = template_of(blob, sight, (x, y))

    def _move(self, track: Track, x: float, y: float, gain: float) -> None:
        """Alpha-beta filter; `track.x` is the prediction."""
        error_x, error_y = x - track.x, y - track.y
        if track.seen == 1:
            gain = 1.0
        track.x, track.y = x, y
        track.vx, track.vy = track.vx + gain * error_x, track.vy + gain * error_y
        track.way.append((self.tick, x, y))
        track.reach = max(track.reach, float(np.hypot(x - track.origin[0], y - track.origin[1])))

    def _consider(self, blob: Blob, sight: Sight, background: Background) -> None:
        """What belongs to no track is a newcomer, or only the place that something left."""
        if is_ghost(blob, sight):
            background.replace(sight, _grown(blob, sight, 3))
            return
        if blob.area < 3 * MIN_AREA and min(blob.x1 - blob.x0, blob.y1 - blob.y0) < 3 and not blob.cut:
            return
        self.begin(blob, sight)

    def _lay_ghosts(self, sight: Sight, background: Background) -> None:
        """End the tracks that are only places that something left."""
        ghosts = [
            t
            for t in self.tracks
            if t.blob is not None and t.reach < 4 and t.seen > 1 and is_ghost(t.blob, sight)
        ]
        for track in ghosts:
            assert track.blob is not None
            background.replace(sight, _grown(track.blob, sight, 3))
            self.tracks.remove(track)
            self.ended.append(track)

    def _coast(self, sight: Sight, background: Background) -> None:
        kept = []
        for track in self.tracks:
            is_new = track.born == self.tick
            if track.blob is None and not is_new and (not track.way or track.way[-1][0] != self.tick):
                track.missed += 1
                track.vx, track.vy = 0.9 * track.vx, 0.9 * track.vy
            limit = _COAST_TICKS if track.seen > 3 else 2
            is_out = track.share(sight.shift) < 0.02 or (track.missed > 0 and track.share(sight.shift) < 0.3)
            patience = _STUCK_TICKS * (2 if track.is_from_border else 1)
            is_stuck = not track.was_there and track.seen > patience and track.reach < 4
            if track.missed > limit or is_out or is_stuck:
                self.ended.append(track)
            else:
                kept.append(track)
        self.tracks = kept

    def _hold(self, sight: Sight) -> Mask:
        """Where the background must not learn."""
        held = np.zeros(sight.mask.shape, np.uint8)
        for track in self.tracks:
            if track.blob is not None:
                held[track.blob.box] |= track.blob.mask
            elif track.template is not None:
                track.template.stamp(held, (track.x - float(sight.shift[0]), track.y - float(sight.shift[1])))
        return np.asarray(cv2.dilate(held, np.ones((7, 7), np.uint8)) > 0)


def _colours_apart(first: Floats, second: Floats) -> float:
    return float(np.abs(first - second).mean())


def _grown(blob: Blob, sight: Sight, size: int) -> Mask:
    where = np.zeros(sight.mask.shape, np.uint8)
    where[blob.box] = blob.mask
    return np.asarray(cv2.dilate(where, np.ones((size, size), np.uint8)) > 0)


def _middle(low: int, high: int, size: float, is_cut_low: bool, is_cut_high: bool) -> float:
    if is_cut_low and not is_cut_high:
        return high - size / 2
    if is_cut_high and not is_cut_low:
        return low + size / 2
    return (low + high) / 2
