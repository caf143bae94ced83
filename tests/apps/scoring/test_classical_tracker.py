"""Blobs, tracks and the background behind them, on pictures of painted squares."""

import numpy as np
import pytest

from millrace.apps.scoring.classical_background import Background
from millrace.apps.scoring.classical_tracker import Tracker

RED, BLUE = (200, 40, 40), (40, 60, 200)


def room():
    return np.random.default_rng(0).normal(120, 3, (96, 160, 3))


def painted(tick, *squares):
    picture = room() + np.random.default_rng(100 + tick).normal(0, 3, (96, 160, 3))
    for x, y, side, colour in squares:
        picture[max(y, 0) : max(y + side, 0), max(x, 0) : max(x + side, 0)] = colour
    return np.clip(picture, 0, 255).astype(np.uint8)


def follow(pictures):
    """The tracks after each picture."""
    background, tracker = Background(), Tracker()
    found = []
    for picture in pictures:
        tracker.follow(background.look(picture), background)
        found.append([(t.identity, round(t.x), round(t.y), t.width) for t in tracker.tracks])
    return found


def test_one_thing_keeps_its_identity_and_size_from_border_to_border():
    found = follow([painted(0)] + [painted(n, (8 * n - 24, 30, 20, RED)) for n in range(1, 26)])
    inside = found[5:18]
    assert {track[0] for tracks in inside for track in tracks} == {1}
    assert all(len(tracks) == 1 for tracks in inside)
    assert inside[4][0][3] == pytest.approx(20, abs=2)
    assert found[10][0][1] == pytest.approx(8 * 10 - 24 + 10, abs=2)
    assert found[-1] == []


def test_two_things_that_pass_through_each_other_keep_their_identities():
    pictures = [painted(0)]
    pictures += [painted(n, (7 * n, 40, 22, RED), (138 - 7 * n, 46, 22, BLUE)) for n in range(1, 20)]
    found = follow(pictures)
    before, after = (sorted(found[n], key=lambda t: t[1]) for n in (4, 18))
    assert [t[0] for t in before] == [t[0] for t in reversed(after)]
    assert len({identity for tracks in found for identity, *_ in tracks}) == 2


def test_what_stands_in_the_first_picture_is_tracked_and_leaves_no_ghost():
    pictures = [painted(n, (60, 40, 18, BLUE)) for n in range(8)]
    pictures += [painted(8 + n, (60 + 6 * n, 40, 18, BLUE)) for n in range(30)]
    found = follow(pictures)
    assert [t[:1] for t in found[0]] == [(1,)]
    assert found[7][0][1] == pytest.approx(69, abs=2)
    assert found[-1] == []


def test_a_thing_that_stops_is_not_learnt_as_background():
    pictures = [painted(0)] + [painted(n, (min(6 * n - 20, 60), 40, 18, RED)) for n in range(1, 45)]
    found = follow(pictures)
    assert [t[0] for t in found[-1]] == [1]
    assert found[-1][0][1] == pytest.approx(69, abs=1)


def test_a_shadow_is_no_thing():
    pictures = [painted(n) for n in range(3)]
    for n in range(20):
        picture = painted(3 + n).astype(float)
        picture[30:60, 4 * n : 4 * n + 30] *= 0.75
        pictures.append(picture.astype(np.uint8))
    assert all(tracks == [] for tracks in follow(pictures))


def test_a_sudden_change_of_the_light_is_forgotten():
    pictures = [painted(n) for n in range(5)] + [(painted(n) * 0.6).astype(np.uint8) for n in range(10)]
    assert all(tracks == [] for tracks in follow(pictures))
