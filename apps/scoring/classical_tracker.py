"""All things in one camera's view, from picture to picture: who goes on, who begins, who is gone."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .classical_background import Background, Mask, Sight
from .classical_blobs import MIN_AREA, Blob, blobs_of, is_ghost
from .classical_groups import part_groups
from .classical_matching import match_blobs
from .classical_names import is_shape
from .classical_opening import opening_things
from .classical_track import Track

_COAST_TICKS = 8  # without being seen
_COAST_TICKS_NEW = 2  # of what was seen three times at most
_STUCK_TICKS = 15  # what came from nowhere and has not moved for so long is a change of the room
_STILL_PX = 4.0
_LONGEST_PX = 48.0  # side of a thing of which only a cut part is known, at most


class Tracker:
    """The tracks of one camera; `follow` takes one picture's sight.

    `is_thing` says which colourful pieces of the very first picture are things and not furniture.
    """

    def __init__(self, is_thing: Callable[[Blob, Sight], bool] = is_shape) -> None:
        self._is_thing = is_thing
        self.tracks: list[Track] = []
        self.ended: list[Track] = []  # in the last picture
        self.tick = 0
        self._num_begun = 0

    def follow(self, sight: Sight, background: Background) -> None:
        """Move all tracks on to this picture; begin new ones, end those that are gone."""
        self.tick += 1
        self.ended = []
        if self.tick == 1:
            sight = self._open(sight, background)
        for track in self.tracks:
            track.predict()
        free = part_groups(self.tracks, blobs_of(sight.mask, sight.colour), sight, self.tick)
        pairs, rest = match_blobs([t for t in self.tracks if not t.is_grouped], free, sight)
        for track, blob in pairs:
            track.measure(blob, sight, self.tick)
        for blob in rest:
            self._consider(blob, sight, background)
        self._end(sight, background)
        background.learn(sight, self._hold(sight))

    def _open(self, sight: Sight, background: Background) -> Sight:
        """Begin with what stands in the first picture; the room behind it is guessed."""
        for blob in opening_things(sight):
            where = _grown(blob, sight, 5)
            bare = background.paint_over(sight, where)
            if self._is_thing(blob, bare):
                sight = bare
                self._begin(blob, sight, was_there=True)
            else:
                background.replace(sight, where)
        return sight

    def _begin(self, blob: Blob, sight: Sight, was_there: bool = False) -> None:
        self._num_begun += 1
        width, height = float(blob.x1 - blob.x0), float(blob.y1 - blob.y0)
        # Until more is seen, what is cut off is taken to be as long as it is wide.
        if blob.cut & {"left", "right"}:
            width = max(width, min(height, _LONGEST_PX))
        if blob.cut & {"top", "bottom"}:
            height = max(height, min(width, _LONGEST_PX))
        x, y = blob.middle
        track = Track(self._num_begun, self.tick, x, y, width, height, blob.area, blob.colour, bool(blob.cut))
        track.was_there = was_there
        track.measure(blob, sight, self.tick)
        self.tracks.append(track)

    def _consider(self, blob: Blob, sight: Sight, background: Background) -> None:
        """What belongs to no track is a newcomer, or only the place that something left, or a streak."""
        is_streak = blob.area < 3 * MIN_AREA and min(blob.mask.shape) < 3 and not blob.cut
        if is_ghost(blob, sight):
            background.replace(sight, _grown(blob, sight, 3))
        elif not is_streak:
            self._begin(blob, sight)

    def _end(self, sight: Sight, background: Background) -> None:
        """Let go of what is a ghost, out of view, lost, or a change of the room."""
        kept = []
        for track in self.tracks:
            if not track.is_grouped and track.blob is None:
                track.missed += 1
                track.vx, track.vy = 0.9 * track.vx, 0.9 * track.vy
            if _is_laid(track, sight) and track.blob is not None:
                background.replace(sight, _grown(track.blob, sight, 3))
                self.ended.append(track)
            elif _is_gone(track, sight) or _is_stuck(track):
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
                track.template.stamp(held, track.place(sight.shift))
        return np.asarray(cv2.dilate(held, np.ones((7, 7), np.uint8)) > 0)


def _is_laid(track: Track, sight: Sight) -> bool:
    """Whether a track is only the place that something left."""
    return (
        track.blob is not None and track.reach < _STILL_PX and track.seen > 1 and is_ghost(track.blob, sight)
    )


def _is_gone(track: Track, sight: Sight) -> bool:
    share = track.share(sight.shift)
    limit = _COAST_TICKS if track.seen > 3 else _COAST_TICKS_NEW
    return track.missed > limit or share < 0.02 or (track.missed > 0 and share < 0.3)


def _is_stuck(track: Track) -> bool:
    patience = _STUCK_TICKS * (2 if track.is_from_border else 1)
    return not track.was_there and track.seen > patience and track.reach < _STILL_PX


def _grown(blob: Blob, sight: Sight, size: int) -> Mask:
    where = np.zeros(sight.mask.shape, np.uint8)
    where[blob.box] = blob.mask
    return np.asarray(cv2.dilate(where, np.ones((size, size), np.uint8)) > 0)
