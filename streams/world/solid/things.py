"""Small things: boxes, bottles, balls, cups, and the hand that carries them."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from .shades import CLOTH, PAINT, SKINS, dim, mix, pick, shade_of
from .shape import Builder, Ring, Shape, even
from .types import RGB, Floats, Look

_WHITE = (232.0, 232.0, 228.0)


def make_box(look: Look, rng: np.random.Generator) -> tuple[Shape, None]:
    """A parcel, crate or case in the look's colour, with tape, a label or a lid."""
    colour = shade_of(look.colour, PAINT, rng)
    length, width = float(rng.uniform(0.32, 0.46)), float(rng.uniform(0.26, 0.36))
    height = float(rng.uniform(0.2, 0.34))
    b = Builder()
    b.group((0.0, 0.0, height / 2))
    b.box((0.0, 0.0, height / 2), (length, width, height), colour, dim(colour, 1.06))
    kind = rng.random()
    if kind < 0.45:
        _tape(b, length / 2 + 0.002, height + 0.002, mix(colour, (200, 180, 140), 0.45))
    elif kind < 0.7:
        lid = (length * 1.05, width * 1.06, height * 0.16)
        b.box((0.0, 0.0, height * 0.92), lid, dim(colour, 0.85), dim(colour, 0.95))
    if rng.random() < 0.5:
        y, x = (width / 2 + 0.003) * float(rng.choice([-1, 1])), length * 0.2
        label = [(0.02, 0.3), (0.02 + x, 0.3), (0.02 + x, 0.65), (0.02, 0.65)]
        b.face([(x, y, height * z) for x, z in label], _WHITE, (0.0, 0.0, height / 2))
    return b.make(), None


def _tape(b: Builder, x: float, z: float, colour: RGB) -> None:
    """A strip over the top and down both ends."""
    half, drop = 0.025, 0.08
    b.face([(-x, -half, z), (x, -half, z), (x, half, z), (-x, half, z)], colour, (0.0, 0.0, 0.0))
    for end in (x, -x):
        strip = [(end, -half, z), (end, half, z), (end, half, z - drop), (end, -half, z - drop)]
        b.face(strip, colour, (0.0, 0.0, z - drop / 2))


def make_bottle(look: Look, rng: np.random.Generator) -> tuple[Shape, None]:
    """A clear plastic bottle with a saturated cap, or one of coloured glass or metal."""
    colour = shade_of(look.colour, PAINT, rng)
    size, sides = float(rng.uniform(0.9, 1.25)), 12
    kind = str(rng.choice(["clear", "glass", "full"], p=[0.5, 0.25, 0.25]))
    tint = {
        "clear": mix(colour, (205, 214, 216), float(rng.uniform(0.4, 0.68))),
        "glass": mix(colour, (60, 64, 60), 0.15),
        "full": colour,
    }[kind]
    outline = [
        (0.0, 0.026),
        (0.008, 0.033),
        (0.15, 0.033),
        (0.175, 0.03),
        (0.2, 0.019),
        (0.218, 0.0135),
        (0.226, 0.0135),
    ]
    rings = [Ring(z * size, r * size, r * size) for z, r in outline]
    b = Builder()
    b.group((0.0, 0.0, 0.12 * size))
    gains = 1 + 0.12 * np.sin(np.arange(sides) * 2 * np.pi / sides * 3)
    rows = [
        [dim(mix(tint, colour, 0.35 if m in (0, 4, 5) else 0.0), g) for g in gains]
        for m in range(len(rings) - 1)
    ]
    b.lathe(rings, rows, lid=tint)
    if kind != "full":
        b.clear, b.opacity = list(b.groups[-1]), (float(rng.uniform(0.5, 0.7)) if kind == "clear" else 0.82)
    _shine(b, size, tint)
    if rng.random() < (0.35 if kind == "clear" else 0.6):
        label = mix(colour, _WHITE, float(rng.choice([0.0, 0.35])))
        b.lathe(
            [
                Ring(0.07 * size, 0.0336 * size, 0.0336 * size),
                Ring(0.125 * size, 0.0336 * size, 0.0336 * size),
            ],
            even(label, 1, sides),
        )
    cap = dim(colour, 0.95) if kind != "full" or rng.random() < 0.5 else (60.0, 60.0, 62.0)
    b.lathe(
        [Ring(0.222 * size, 0.0165 * size, 0.0165 * size), Ring(0.246 * size, 0.0165 * size, 0.0165 * size)],
        even(cap, 1, sides),
        lid=dim(cap, 1.15),
    )
    return b.make(), None


def _shine(b: Builder, size: float, tint: RGB) -> None:
    """Bright lines that round plastic and glass mirror at the shoulder and along the side."""
    bright = mix(tint, (255, 255, 255), 0.5)
    for angle in np.arange(4) * np.pi / 2 + 0.6:
        c, s = np.cos(angle), np.sin(angle)
        inside = (0.0, 0.0, 0.1 * size)
        r, w = 0.034 * size, 0.12
        strip = [
            (np.cos(angle + d) * r, np.sin(angle + d) * r, z * size)
            for d, z in ((-w, 0.13), (w, 0.13), (w, 0.165), (-w, 0.165))
        ]
        b.face(strip, bright, (inside[0] * c, inside[1] * s, inside[2]))


def make_ball(look: Look, rng: np.random.Generator) -> tuple[Shape, Callable[[float, str], Floats]]:
    """A ball that rolls: plain, with patches, or with a stripe."""
    colour, radius = shade_of(look.colour, PAINT, rng), 0.11
    other = mix(colour, _WHITE if sum(colour) < 500 else (40, 40, 44), 0.75)
    b = Builder()
    b.group((0.0, 0.0, radius))
    middle = b.point(0.0, 0.0, radius)
    b.capsule(middle, middle, radius, colour)
    kind = rng.random()
    normals = (
        np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1), (0, 0, 1), (0, 0, -1)])
        if kind < 0.6
        else np.zeros((0, 3))
    )
    for normal in normals[: 6 if kind < 0.35 else 3] / np.sqrt(3):
        _patch(b, normal / np.linalg.norm(normal), radius, other)
    shape = b.make()
    neutral = shape.points - [0.0, 0.0, radius]

    def move(phase: float, posture: str) -> Floats:
        c, s = np.cos(phase), np.sin(phase)
        return np.asarray(neutral @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]]) + [0.0, 0.0, radius])

    return shape, move


def _patch(b: Builder, normal: Floats, radius: float, colour: RGB) -> None:
    side = np.cross(normal, (0.3, 0.5, 0.8))
    side /= np.linalg.norm(side)
    angles = np.arange(6) * np.pi / 3
    rim = normal + 0.42 * (np.cos(angles)[:, None] * side + np.sin(angles)[:, None] * np.cross(normal, side))
    rim *= radius * 1.01 / np.linalg.norm(rim, axis=1, keepdims=True)
    b.face(rim + np.array([0, 0, radius]), colour, (0.0, 0.0, radius))


def make_cup(look: Look, rng: np.random.Generator) -> tuple[Shape, None]:
    """A mug with a handle, or a paper cup."""
    colour, sides = shade_of(look.colour, PAINT, rng), 12
    is_mug = rng.random() < 0.75
    foot, rim, height = (0.039, 0.042, 0.098) if is_mug else (0.028, 0.042, 0.11)
    b = Builder()
    if is_mug:
        b.group((0.0, 0.07, 0.05))
        arch = [(0.04, 0.078), (0.062, 0.076), (0.07, 0.052), (0.06, 0.028), (0.038, 0.024)]
        for (y0, z0), (y1, z1) in itertools.pairwise(arch):
            b.capsule((0.0, y0, z0), (0.0, y1, z1), 0.0075, dim(colour, 0.92))
    b.group((0.0, 0.0, 0.05))
    band = rng.random() < 0.25
    rows = [[colour] * sides, [mix(colour, _WHITE, 0.6) if band else colour] * sides, [colour] * sides]
    steps = [(0.0, foot), (0.35, foot * 0.65 + rim * 0.35), (0.65, foot * 0.35 + rim * 0.65), (1.0, rim)]
    b.lathe([Ring(height * t, r, r) for t, r in steps], rows, lid=mix(colour, _WHITE, 0.25))
    inside = (70.0, 44.0, 26.0) if rng.random() < 0.6 else dim(colour, 0.5)
    b.lathe(
        [Ring(height - 0.01, rim * 0.85, rim * 0.85), Ring(height + 0.001, rim * 0.88, rim * 0.88)],
        even(inside, 1, sides),
        lid=inside,
    )
    return b.make(), None


def make_hand(look: Look, rng: np.random.Generator) -> tuple[Shape, None]:
    """A hand at the origin that grasps downwards, on an arm that comes from behind and above."""
    skin, sleeve = pick(SKINS[:4], rng), shade_of(look.colour, CLOTH, rng)
    rise = float(rng.uniform(0.25, 0.85))
    back = np.array([-np.cos(rise), 0.0, np.sin(rise)])
    wrist = np.array([-0.05, 0.0, 0.045])
    b = Builder()
    b.group(tuple(wrist + back * 0.3))
    bare = float(rng.uniform(0.02, 0.12)) if rng.random() < 0.8 else 0.25
    # One rod, long enough to reach out of the picture without a joint.
    b.capsule(tuple(wrist + back * bare), tuple(wrist + back * 0.95), 0.043, sleeve, 0.07)
    b.group(tuple(wrist))
    b.capsule(tuple(wrist), tuple(wrist + back * (bare + 0.02)), 0.028, skin, 0.033)
    b.capsule(tuple(wrist), (0.0, 0.0, 0.03), 0.036, skin, 0.038)
    b.group((0.05, 0.0, 0.0))
    for y in (-0.033, -0.011, 0.011, 0.033):
        knuckle, tip = (0.035, y, 0.03), (0.045, y * 0.8, -0.035)
        b.capsule((-0.005, y, 0.04), knuckle, 0.0125, dim(skin, 1.02))
        b.capsule(knuckle, tip, 0.0125, dim(skin, 0.97), 0.0095)
    b.capsule((-0.03, 0.035, 0.03), (0.0, 0.045, -0.025), 0.014, dim(skin, 0.94), 0.011)
    return b.make(), None
