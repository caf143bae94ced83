"""Bodies have the sizes, colours and gaits of what they stand for."""

import numpy as np
import pytest

from millrace.streams.world.events import COLOURS, HAND, THINGS
from millrace.streams.world.paint import RGB
from millrace.streams.world.solid.backdrop import make_backdrop
from millrace.streams.world.solid.bodies import make_body
from millrace.streams.world.solid.painter import Item, paint
from millrace.streams.world.solid.sizes import SIZES
from millrace.streams.world.solid.types import Lens, Light, Look, Plan, Pose

KINDS = (*THINGS, HAND)
NEUTRAL = Light(direction=(0.0, 0.0, -1.0), ambient=0.9, shadow=0.0)


@pytest.mark.parametrize("kind", THINGS)
def test_bodies_have_the_size_that_plans_reckon_with(kind: str) -> None:
    length, width, height = SIZES[kind]
    for seed in range(6):
        body = make_body(Look(kind, "green", seed))
        assert 0.6 * height < body.height_m < 1.5 * height
        assert 0.4 * max(length, width) < body.radius_m < 0.8 * np.hypot(length, width)


@pytest.mark.parametrize("kind", KINDS)
def test_sample_points_span_the_body(kind: str) -> None:
    body = make_body(Look(kind, "red", 4))
    assert 20 <= len(body.points) <= 30
    assert body.points[:, 2].max() == pytest.approx(body.height_m)
    assert body.points[:, 2].min() < 0.2 * body.height_m
    assert len(np.unique(body.points.round(4), axis=0)) == len(body.points)


def test_a_look_fixes_the_body_and_a_seed_changes_it() -> None:
    first, again, other = (make_body(Look("person", "blue", seed)) for seed in (3, 3, 4))
    assert np.array_equal(first.shape.points, again.shape.points)
    assert np.array_equal(first.shape.face_colour, again.shape.face_colour)
    assert first.height_m != other.height_m


def test_scale_makes_the_whole_body_larger() -> None:
    for kind in ("person", "ball", "car"):
        plain, large = make_body(Look(kind, "white", 1)), make_body(Look(kind, "white", 1, scale=1.5))
        assert large.height_m == pytest.approx(1.5 * plain.height_m)
        pose = Pose(0, 0, 0, 0, phase=0.7, posture="walk")
        assert np.allclose(large.posed(pose), 1.5 * plain.posed(pose))


def test_what_no_table_has_cannot_be_made() -> None:
    with pytest.raises(KeyError, match="unicorn"):
        make_body(Look("unicorn", "red", 0))
    with pytest.raises(KeyError, match="beige"):
        make_body(Look("box", "beige", 0))


@pytest.mark.parametrize("kind", [kind for kind in THINGS if kind != "bicycle"])
@pytest.mark.parametrize("colour", COLOURS)
def test_the_named_colour_is_the_one_seen(kind: str, colour: str) -> None:
    """Of the pixels of a body those of its name are most, beside neutral glass, skin, shade and trousers."""
    for seed in (1, 2):
        seen = _colours_seen(Look(kind, colour, seed))
        named = seen.pop(colour, 0)
        # Of a clear bottle only the cap and the label are saturated.
        share = 0.06 if kind == "bottle" else 0.12
        assert named > share * (named + sum(seen.values())), (seed, seen)
        foreign = {name: n for name, n in seen.items() if name not in _NEIGHBOURS.get(colour, _NEUTRALS)}
        assert named > max(foreign.values(), default=0), (seed, seen)


_NEUTRALS = frozenset(
    {"grey", "black", "white", "brown"}
)  # of shade, glass, gleam, wheels, skin, hair, trousers
_NEIGHBOURS = {"white": frozenset({"grey", "black"}), "grey": _NEUTRALS, "black": _NEUTRALS}


def _colours_seen(look: Look) -> dict[str, int]:
    body = make_body(look)
    reach = 1.2 * max(body.radius_m, body.height_m)
    lens = Lens.looking(
        np.array([1.3 * reach, -1.5 * reach, 1.2 * reach]), np.array([0, 0, body.height_m / 2]), 130.0
    )
    plan = Plan("cloth", (120.0, 120.0, 120.0))
    picture = paint(
        [Item(body, Pose(0, 0, 0, 0.2), 9)], lens, NEUTRAL, make_backdrop(plan, lens, NEUTRAL, 0, 0)
    )
    pixels = picture.pixels[picture.identities == 9].astype(float)
    table = np.array(list(RGB.values()), float)
    nearest = ((pixels[:, None] - table) ** 2).sum(2).argmin(1)
    names, counts = np.unique(nearest, return_counts=True)
    return {list(RGB)[n]: int(count) for n, count in zip(names, counts, strict=True)}


def test_a_bicycle_shows_more_of_its_colour_than_of_any_other_but_neutrals() -> None:
    for colour in ("red", "green", "blue", "yellow", "purple"):
        seen = _colours_seen(Look("bicycle", colour, 5))
        assert seen[colour] == max(n for name, n in seen.items() if name not in _NEUTRALS)


def test_walking_swings_the_legs_and_keeps_a_foot_on_the_ground() -> None:
    body = make_body(Look("person", "red", 2))
    poses = [Pose(0, 0, 0, 0, phase=p, posture="walk") for p in np.linspace(0, 2 * np.pi, 16)]
    lowest = [body.posed(pose)[:, 2].min() for pose in poses]
    assert max(np.abs(lowest)) < 0.12
    ahead = [body.posed(pose)[3, 0] for pose in poses]
    assert max(ahead) - min(ahead) > 0.4
    standing = body.posed(Pose(0, 0, 0, 0, phase=1.0, posture="stand"))
    assert np.allclose(standing, body.posed(Pose(0, 0, 0, 0, phase=2.5, posture="stand")))


def test_sitting_lowers_the_head_but_not_the_feet() -> None:
    body = make_body(Look("person", "red", 2))
    sitting, standing = (body.posed(Pose(0, 0, 0, 0, posture=p)) for p in ("sit", "stand"))
    assert standing[:, 2].max() - sitting[:, 2].max() > 0.35
    assert abs(sitting[:, 2].min() - standing[:, 2].min()) < 0.15


def test_lamps_change_nothing_but_their_own_colour() -> None:
    car = make_body(Look("car", "black", 1))
    dark, lit = (car.shape_for(Pose(0, 0, 0, 0, lights=on)) for on in (False, True))
    changed = np.flatnonzero((dark.face_colour != lit.face_colour).any(1))
    assert len(changed) == 4
    assert np.array_equal(np.flatnonzero(lit.is_bare), changed)
