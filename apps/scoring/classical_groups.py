"""Blobs that are several things at once: each is found in them by its own looks."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from .classical_background import Sight
from .classical_blobs import MIN_AREA, Blob, blobs_of
from .classical_matching import SAME_COLOUR, colours_apart
from .classical_track import Track

_HIDDEN = 0.75  # mean cost above which a template is not found
_COVERED = 0.4  # share of a track that a blob must cover to be taken for it
_GROWN = 1.3  # times its area: a blob so much larger than its track has taken up something else


def part_groups(tracks: Sequence[Track], blobs: Sequence[Blob], sight: Sight, tick: int) -> list[Blob]:
    """The blobs that are one thing's at most, after those of several are dealt out: those tracks have moved."""
    free: list[Blob] = []
    for blob in blobs:
        inside = [track for track in tracks if track.template is not None and _covers(blob, track, sight)]
        is_group = len(inside) > 1 or (len(inside) == 1 and _has_taken_up(inside[0], blob))
        free += _deal(blob, inside, sight, tick) if is_group else [blob]
    return free


def _has_taken_up(track: Track, blob: Blob) -> bool:
    return track.is_whole and track.seen > 2 and blob.area > _GROWN * track.area + 2 * MIN_AREA


def _covers(blob: Blob, track: Track, sight: Sight) -> bool:
    """Whether a track's place lies in a blob by a good part."""
    x, y = track.place(sight.shift)
    x0, x1 = max(x - track.width / 2, blob.x0), min(x + track.width / 2, blob.x1)
    y0, y1 = max(y - track.height / 2, blob.y0), min(y + track.height / 2, blob.y1)
    if x0 >= x1 or y0 >= y1:
        return False
    rows = slice(int(y0) - blob.y0, int(y1) - blob.y0 + 1)
    columns = slice(int(x0) - blob.x0, int(x1) - blob.x0 + 1)
    shown = max(track.share(sight.shift), 0.1)
    return float(blob.mask[rows, columns].sum()) > _COVERED * track.area * shown


def _deal(blob: Blob, tracks: Sequence[Track], sight: Sight, tick: int) -> list[Blob]:
    """Move each track to where it is in the blob; what none of them explains are blobs of their own."""
    places = {id(track): place for track in tracks if (place := _find(track, sight))}
    found = [track for track in tracks if id(track) in places]
    if not found or (len(found) == 1 and len(tracks) > 1 and found[0].area > 0.8 * blob.area):
        return [blob]
    strange = _strange(blob, found, places, sight)
    if len(found) == 1 and not strange:
        return [blob]
    for track in found:
        track.join_group(places[id(track)], sight.shift, tick)
    return strange


def _find(track: Track, sight: Sight) -> tuple[float, float] | None:
    assert track.template is not None
    reach = int(np.clip(3 + 0.6 * track.speed, 4, 10))
    # What was lost is not found again by a vague likeness.
    most = _HIDDEN if track.missed == 0 else _HIDDEN / 2
    return track.template.locate(sight.colour, track.place(sight.shift), reach, most)


def _strange(
    blob: Blob, found: Sequence[Track], places: dict[int, tuple[float, float]], sight: Sight
) -> list[Blob]:
    """Pieces that no template covers. One of a member's own colour is a part of it all the same."""
    explained: NDArray[np.uint8] = np.zeros(sight.mask.shape, np.uint8)
    for track in found:
        assert track.template is not None
        track.template.stamp(explained, places[id(track)])
    left = np.zeros(sight.mask.shape, np.uint8)
    left[blob.box] = blob.mask
    left[explained > 0] = 0
    left = np.asarray(cv2.morphologyEx(left, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    pieces = [piece for piece in blobs_of(left > 0, sight.colour) if piece.area >= 2 * MIN_AREA]
    return [p for p in pieces if all(colours_apart(p.colour, t.colour) > SAME_COLOUR for t in found)]
