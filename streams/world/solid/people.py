"""Persons: a turned torso, limbs of capsules that walk, sit and carry, a head with hair, clothes and bags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .fabric import wrap
from .shades import CLOTH, HAIRS, MUTED, SKINS, dim, mix, pick, shade_of
from .shape import Builder, Ring, Shape
from .types import RGB, Floats, Look

_SIDES = 8
_HIP, _KNEE, _ANKLE = 0.92, 0.49, 0.08
_SHOULDER, _UPPER_ARM, _FOREARM = 1.43, 0.29, 0.25
_JOINTS = ("hip", "knee", "ankle", "toe", "shoulder", "elbow", "wrist", "hand")


@dataclass(frozen=True, slots=True)
class _Build:
    """A person's measures, as shares of the middle ones."""

    height: float
    girth: float
    stride: float


def make_person(look: Look, rng: np.random.Generator) -> tuple[Shape, Callable[[float, str], Floats]]:
    """A person whose top is in the look's colour; returns the shape and how it moves."""
    build = _Build(rng.normal(1.0, 0.045), rng.uniform(0.88, 1.2), rng.uniform(0.38, 0.55))
    top, skin, hair = shade_of(look.colour, CLOTH, rng), pick(SKINS, rng), pick(HAIRS, rng)
    legwear = top if rng.random() < 0.12 else pick(MUTED, rng)
    cut = str(
        rng.choice(["jacket", "shirt", "short sleeves", "long coat", "skirt"], p=[0.32, 0.24, 0.2, 0.14, 0.1])
    )
    b = Builder()
    limbs = _limbs(b, build, top, legwear, skin, cut)
    first_above = len(b.points)
    _torso(b, build, wrap(top, 6, _SIDES, rng, look.is_strange), cut, legwear)
    _head(b, build, skin, hair, rng)
    _bag(b, build, rng)
    shape = b.make()
    return shape, _mover(shape.points.copy(), limbs, first_above, build)


def _limbs(
    b: Builder, build: _Build, top: RGB, legwear: RGB, skin: RGB, cut: str
) -> dict[tuple[str, int], int]:
    """Legs and arms; the numbers of their joints by name and side (1 left, -1 right)."""
    neutral = _joints(0.0, "stand", build)
    joint = {key: b.point(*at) for key, at in neutral.items()}
    shin = skin if cut == "skirt" else dim(legwear, 0.96)
    sleeve = skin if cut == "short sleeves" else dim(top, 0.95)
    shoe = dim(mix(legwear, (30, 26, 24), 0.7), 0.8)
    g = build.girth
    for side in (1, -1):
        hip, knee, ankle, toe, shoulder, elbow, wrist, hand = (joint[name, side] for name in _JOINTS)
        b.group(knee)
        b.capsule(ankle, toe, 0.05, shoe, 0.04)
        b.capsule(knee, ankle, 0.065 * g, shin, 0.05)
        b.capsule(hip, knee, 0.095 * g, legwear, 0.07 * g)
        b.group(elbow)
        b.capsule(wrist, hand, 0.038, skin, 0.04)
        b.capsule(elbow, wrist, 0.047 * g, sleeve, 0.04)
        b.capsule(shoulder, elbow, 0.062 * g, top, 0.05 * g)
    return joint


def _torso(b: Builder, build: _Build, colours: list[list[RGB]], cut: str, legwear: RGB) -> None:
    h, g = build.height, build.girth
    b.group((0.0, 0.0, 1.2 * h))
    if cut == "skirt":
        rings = [Ring(0.5 * h, 0.2 * g, 0.23 * g), Ring(0.98 * h, 0.12 * g, 0.15 * g)]
        b.lathe(rings, [[legwear] * _SIDES])
    if cut == "long coat":
        skirt = [Ring(0.52 * h, 0.17 * g, 0.21 * g), Ring(0.92 * h, 0.14 * g, 0.175 * g)]
        b.lathe(skirt, colours[:1])
    measures = [
        (0.86, 0.125, 0.165), (1.0, 0.12, 0.155), (1.13, 0.12, 0.155),
        (1.26, 0.13, 0.175), (1.38, 0.125, 0.195), (1.46, 0.085, 0.165), (1.51, 0.06, 0.065),
    ]  # fmt: skip
    b.lathe([Ring(z * h, x * g, y * g) for z, x, y in measures], colours, lid=colours[-1][0])


def _head(b: Builder, build: _Build, skin: RGB, hair: RGB, rng: np.random.Generator) -> None:
    h = build.height
    style = str(rng.choice(["short", "long", "hat", "bald", "hood"], p=[0.42, 0.28, 0.14, 0.1, 0.06]))
    b.group((0.03, 0.0, 1.6 * h))
    b.capsule((0.0, 0.0, 1.47 * h), (0.01, 0.0, 1.56 * h), 0.052, dim(skin, 0.85))
    b.capsule((0.025, 0.0, 1.585 * h), (0.015, 0.0, 1.655 * h), 0.075, skin, 0.088)
    b.group((-0.03, 0.0, 1.68 * h))
    if style == "bald":
        b.capsule((-0.02, 0.0, 1.63 * h), (0.0, 0.0, 1.67 * h), 0.09, skin)
    elif style == "hat":
        hat = pick(MUTED, rng)
        b.capsule((-0.03, 0.0, 1.6 * h), (-0.01, 0.0, 1.66 * h), 0.085, hair)
        b.capsule((-0.01, 0.0, 1.7 * h), (0.0, 0.0, 1.72 * h), 0.1, hat)
        b.capsule((0.08, 0.03, 1.7 * h), (0.13, -0.03, 1.69 * h), 0.03, dim(hat, 0.8))
    else:
        b.capsule((-0.03, 0.0, 1.63 * h), (-0.012, 0.0, 1.69 * h), 0.095, hair)
        if style == "long":
            b.capsule((-0.06, 0.0, 1.42 * h), (-0.04, 0.0, 1.62 * h), 0.085, hair, 0.095)


def _bag(b: Builder, build: _Build, rng: np.random.Generator) -> None:
    h, kind, colour = build.height, rng.random(), pick(MUTED, rng)
    if kind < 0.16:
        b.group((-0.22, 0.0, 1.2 * h))
        b.box((-0.2, 0.0, 1.2 * h), (0.17, 0.3, 0.44), colour, dim(colour, 1.1))
    elif kind < 0.28:
        side = float(rng.choice([-1, 1]))
        b.group((0.0, 0.25 * side, 0.9 * h))
        b.box((0.0, 0.25 * side, 0.85 * h), (0.32, 0.1, 0.26), colour)


def _mover(
    neutral: Floats, joints: dict[tuple[str, int], int], first_above: int, build: _Build
) -> Callable[[float, str], Floats]:
    numbers = list(joints.values())

    def move(phase: float, posture: str) -> Floats:
        points = neutral.copy()
        points[numbers] = list(_joints(phase, posture, build).values())
        points[first_above:, 2] += _lift(phase, posture, build)
        return points

    return move


def _lift(phase: float, posture: str, build: _Build) -> float:
    """How far the trunk is above where it is in standing."""
    if posture == "sit":
        return -0.44 * build.height
    return -0.025 * abs(float(np.sin(phase))) if posture in ("walk", "carry") else 0.0


def _joints(phase: float, posture: str, build: _Build) -> dict[tuple[str, int], Floats]:
    """Where the joints are: limbs swing in the plane of the heading, forward is positive."""
    joints: dict[tuple[str, int], Floats] = {}
    lift, h = _lift(phase, posture, build), build.height
    is_walking = posture == "walk" or (posture == "carry" and phase != 0)
    for side in (1, -1):
        swing = float(np.sin(phase)) * side * (build.stride if is_walking else 0.0)
        ahead = float(np.cos(phase)) * side  # positive while the leg swings forward
        bend = 0.75 * max(0.0, ahead) if is_walking else 0.03
        leg = (np.pi / 2 - 0.1, 0.05) if posture == "sit" else (swing, swing - bend)
        hip = np.array([0.0, 0.085 * side * build.girth, _HIP * h + lift])
        knee = hip + h * (_HIP - _KNEE) * _down(leg[0])
        ankle = knee + h * (_KNEE - _ANKLE) * _down(leg[1])
        toe = ankle + np.array([0.17, 0.03 * side, -0.03])
        arm = _arm_angles(posture, -swing)
        shoulder = np.array([0.0, 0.2 * side * build.girth, _SHOULDER * h + lift])
        elbow = shoulder + h * _UPPER_ARM * (_down(arm[0]) + np.array([0, 0.16 * side, 0]))
        wrist = elbow + h * _FOREARM * (_down(arm[1]) - np.array([0, arm[2] * side, 0]))
        hand = wrist + 0.09 * _down(arm[1])
        joints.update(
            zip(
                ((name, side) for name in _JOINTS),
                (hip, knee, ankle, toe, shoulder, elbow, wrist, hand),
                strict=True,
            )
        )
    return joints


def _arm_angles(posture: str, swing: float) -> tuple[float, float, float]:
    """Angles of upper arm and forearm from straight down, and how far the forearm turns inwards."""
    if posture == "carry":
        return 0.25, 1.35, 0.25
    if posture == "sit":
        return 0.45, 1.25, 0.2
    return swing * 0.9, swing * 0.9 + 0.2 + max(0.0, swing) * 0.5, 0.02


def _down(angle: float) -> Floats:
    return np.array([np.sin(angle), 0.0, -np.cos(angle)])
