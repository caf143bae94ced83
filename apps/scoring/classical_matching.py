"""Which blob is which track: the Hungarian method on place, colour and size, then what leapt, then loose pieces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .classical_assignment import assign
from .classical_background import Floats, Sight
from .classical_blobs import Blob, joined
from .classical_track import Track

SAME_COLOUR = 35.0  # mean difference of RGB
_GATE_PX = 22.0  # from the prediction
_LEAP_PX = 48.0  # a bounce may carry what is small and fast so far from where it was expected
_FAR = 1e3  # cost of what cannot be
_MOST = 3.0  # cost of what may be


def match_blobs(
    tracks: Sequence[Track], blobs: Sequence[Blob], sight: Sight
) -> tuple[list[tuple[Track, Blob]], list[Blob]]:
    """Tracks with their blobs, and the blobs that no track takes."""
    if not tracks or not blobs:
        return [], list(blobs)
    costs = np.array([[_cost(track, blob, sight) for blob in blobs] for track in tracks])
    pairs = {row: column for row, column in assign(costs) if costs[row, column] < _MOST}
    owners = {column: tracks[row] for row, column in pairs.items()}
    lost = [track for row, track in enumerate(tracks) if row not in pairs and track.missed < 2]
    _leap(lost, blobs, owners, sight)
    pieces = {id(owner): blobs[n] for n, owner in owners.items()}
    rest = [blob for n, blob in enumerate(blobs) if n not in owners]
    rest = [blob for blob in rest if not _gather(blob, list(owners.values()), pieces, sight)]
    return [(owner, pieces[id(owner)]) for owner in owners.values()], rest


def colours_apart(first: Floats, second: Floats) -> float:
    """Mean difference of two colours [3]."""
    return float(np.abs(first - second).mean())


def _cost(track: Track, blob: Blob, sight: Sight) -> float:
    x, y = _place(blob, sight)
    dx = max(abs(x - track.x) - _slack(track.width, blob.x1 - blob.x0, blob, {"left", "right"}), 0)
    dy = max(abs(y - track.y) - _slack(track.height, blob.y1 - blob.y0, blob, {"top", "bottom"}), 0)
    gate = _GATE_PX * (0.6 if track.seen > 3 else 1.0) + 2.0 * track.missed + 0.2 * track.side
    far = float(np.hypot(dx, dy)) / gate
    if far > 1:
        return _FAR
    shown = max(track.area * max(track.share(sight.shift), 0.15), 1)
    size = abs(float(np.log(blob.area / shown)))
    return far + min(colours_apart(track.colour, blob.colour) / 40, 2.0) + 0.5 * min(size, 2.0)


def _slack(size: float, shown: int, blob: Blob, sides: set[str]) -> float:
    """How far a cut blob's middle may be from the thing's."""
    return max(size - shown, 0) / 2 if blob.cut & sides else 0.0


def _leap(tracks: Sequence[Track], blobs: Sequence[Blob], owners: dict[int, Track], sight: Sight) -> None:
    """What is left of both may have bounced: the same colour and size some way off."""
    for track in tracks:
        for n, blob in enumerate(blobs):
            x, y = _place(blob, sight)
            is_near = np.hypot(x - track.x, y - track.y) < _LEAP_PX
            is_alike = colours_apart(track.colour, blob.colour) < SAME_COLOUR
            is_free = n not in owners and not blob.cut
            if is_free and is_near and is_alike and 0.6 < blob.area / max(track.area, 1) < 1.6:
                owners[n] = track
                break


def _gather(blob: Blob, owners: Sequence[Track], pieces: dict[int, Blob], sight: Sight) -> bool:
    """Give a loose piece to the track in whose box it lies: a thing may fall apart where it is like the room."""
    x, y = _place(blob, sight)
    for track in owners:
        is_inside = abs(x - track.x) < track.width / 2 + 1 and abs(y - track.y) < track.height / 2 + 1
        has_room = pieces[id(track)].area < 0.9 * track.area * track.share(sight.shift)
        if is_inside and has_room and colours_apart(track.colour, blob.colour) < SAME_COLOUR + 10:
            pieces[id(track)] = joined(pieces[id(track)], blob, sight.colour)
            return True
    return False


def _place(blob: Blob, sight: Sight) -> tuple[float, float]:
    """The middle of a blob on the room."""
    return blob.middle[0] + float(sight.shift[0]), blob.middle[1] + float(sight.shift[1])
