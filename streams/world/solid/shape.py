"""What a body is made of, in its own frame: points, flat faces on them, and capsules between them.

The frame of a body: x ahead, y to its left, z up from where it stands, metres. A face is a convex polygon of at
most `CORNERS` points; a capsule is the hull of two balls, so a ball is a capsule whose ends are one point.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .types import RGB, Floats

CORNERS = 12
_RIM = 10  # corners of a disc
Point = Sequence[float] | Floats
_CUBE = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 3), -1).reshape(-1, 3)
_SKIN = np.delete(_CUBE, 13, 0)  # ways from the middle of a ball to its skin
_SKIN /= np.linalg.norm(_SKIN, axis=1, keepdims=True)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A body's parts as arrays: F faces, K capsules, G groups. Part n is face n, or capsule n - F."""

    points: Floats  # [P, 3], in the neutral pose
    faces: NDArray[np.intp]  # [F, CORNERS] into points; the last point is repeated
    normals: Floats  # [F, 3]; pose does not turn them
    face_colour: Floats  # [F, 3] before shading
    is_two_sided: NDArray[np.bool_]  # [F]: seen from behind too
    is_bare: NDArray[np.bool_]  # [F]: not shaded, such as a lamp that is on
    ends: NDArray[np.intp]  # [K, 2] into points
    radii: Floats  # [K, 2]
    capsule_colour: Floats  # [K, 3]
    groups: tuple[tuple[int, ...], ...]  # parts in the order of drawing; groups are drawn far to near
    keys: NDArray[np.intp]  # [G] into points: what a group's distance is measured at
    clear: tuple[int, ...] = ()  # parts that let light through
    opacity: float = 1.0  # of those
    lamps: tuple[tuple[int, RGB], ...] = ()  # faces that can shine, and how

    def with_lamps(self) -> Shape:
        """The same shape with its lamps on."""
        colour, bare = self.face_colour.copy(), self.is_bare.copy()
        for face, shine in self.lamps:
            colour[face], bare[face] = shine, True
        return replace(self, face_colour=colour, is_bare=bare)

    def scaled(self, scale: float) -> Shape:
        """The same shape, larger."""
        return replace(self, points=self.points * scale, radii=self.radii * scale)

    def outline_points(self) -> Floats:
        """Points [P, 3] on the parts: corners and middles of faces, ends and middles of capsules and their skin."""
        corners, ends = self.points[self.faces], self.points[self.ends]
        skin = ends[:, :, None] + _SKIN * self.radii[:, :, None, None]
        inner = (corners.mean(1), ends.mean(1))
        return np.concatenate([corners.reshape(-1, 3), skin.reshape(-1, 3), *inner])


@dataclass(slots=True)
class Builder:
    """Collects points and parts; parts go into the group opened last."""

    points: list[tuple[float, ...]] = field(default_factory=list)
    faces: list[list[int]] = field(default_factory=list)
    normals: list[Floats] = field(default_factory=list)
    face_colours: list[RGB] = field(default_factory=list)
    two_sided: list[bool] = field(default_factory=list)
    capsules: list[tuple[int, int, float, float, RGB]] = field(default_factory=list)
    groups: list[list[int]] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    clear: list[int] = field(default_factory=list)
    opacity: float = 1.0
    lamps: list[tuple[int, RGB]] = field(default_factory=list)

    def point(self, *xyz: float) -> int:
        """A new point; its number."""
        self.points.append(tuple(float(v) for v in xyz))
        return len(self.points) - 1

    def group(self, key: int | Point) -> None:
        """Open a group whose distance is measured at a point."""
        self.keys.append(key if isinstance(key, int) else self.point(*key))
        self.groups.append([])

    def face(
        self,
        corners: Iterable[Point | int],
        colour: RGB,
        inside: Point | None = None,
        *,
        two_sided: bool = False,
        shine: RGB | None = None,
    ) -> None:
        """A convex polygon; it faces away from the point `inside`, or else its corners run anticlockwise.

        `shine` is its colour as a lamp that is on.
        """
        numbers = [c if isinstance(c, int) else self.point(*c) for c in corners]
        corner_points = np.array([self.points[n] for n in numbers], float)
        normal = _normal(corner_points)
        if inside is not None and normal @ (corner_points.mean(0) - np.asarray(inside)) < 0:
            numbers.reverse()
            normal = -normal
        self.groups[-1].append(len(self.faces))
        self.faces.append(numbers + numbers[-1:] * (CORNERS - len(numbers)))
        self.normals.append(normal)
        self.face_colours.append(colour)
        self.two_sided.append(two_sided)
        if shine is not None:
            self.lamps.append((len(self.faces) - 1, shine))

    def capsule(
        self,
        start: Point | int,
        end: Point | int,
        radius: float,
        colour: RGB,
        end_radius: float | None = None,
    ) -> None:
        """A rounded rod."""
        first, second = (c if isinstance(c, int) else self.point(*c) for c in (start, end))
        # Faces are numbered before capsules; ~n stands for capsule n until all faces are known.
        self.groups[-1].append(~len(self.capsules))
        self.capsules.append((first, second, radius, radius if end_radius is None else end_radius, colour))

    def box(self, middle: Point, size: Point, colour: RGB, top: RGB | None = None) -> None:
        """An upright box; `middle` is that of its volume."""
        low, high = np.asarray(middle) - np.asarray(size) / 2, np.asarray(middle) + np.asarray(size) / 2
        prism = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
        self.prism(prism, low[2], high[2], colour, top)

    def prism(
        self, outline: Sequence[Point], low: float, high: float, colour: RGB, top: RGB | None = None
    ) -> None:
        """An upright column over a convex outline, with a lid and no floor."""
        inside = (*np.array(outline, float).mean(0), (low + high) / 2)
        for (ax, ay), (bx, by) in zip(outline, [*outline[1:], outline[0]], strict=True):
            self.face([(ax, ay, low), (bx, by, low), (bx, by, high), (ax, ay, high)], colour, inside)
        self.face([(x, y, high) for x, y in outline], top or colour, inside)

    def lathe(self, rings: Sequence[Ring], colours: Sequence[Sequence[RGB]], lid: RGB | None = None) -> None:
        """A turned body: side n of the section above ring m has `colours[m][n]`; the last ring gets a lid."""
        sides = len(colours[0])
        angles = (np.arange(sides) + 0.5) * 2 * np.pi / sides
        rows = [
            [self.point(r.x + r.ahead * np.cos(a), r.y + r.aside * np.sin(a), r.z) for a in angles]
            for r in rings
        ]
        for m, (low, high) in enumerate(itertools.pairwise(rows)):
            axis = (rings[m].x, rings[m].y, (rings[m].z + rings[m + 1].z) / 2)
            for n in range(sides):
                k = (n + 1) % sides
                self.face([low[n], low[k], high[k], high[n]], colours[m][n], axis)
        if lid is not None:
            corners = np.linspace(0, sides, min(sides, CORNERS), endpoint=False).astype(int)
            self.face([rows[-1][n] for n in corners], lid, (rings[-1].x, rings[-1].y, -9.0))

    def disc(self, middle: Point, radius: float, colour: RGB, *, outward: float) -> None:
        """An upright disc across y that faces left (`outward` 1) or right (-1)."""
        x, y, z = middle
        angles = (np.arange(_RIM) + 0.5) * 2 * np.pi / _RIM
        rim = [(x + radius * np.cos(a), y, z + radius * np.sin(a)) for a in angles]
        self.face(rim, colour, (x, y - outward, z))

    def make(self) -> Shape:
        """The finished shape."""
        num = len(self.faces)
        rods = self.capsules
        return Shape(
            points=np.array(self.points, float),
            faces=np.array(self.faces, np.intp).reshape(-1, CORNERS),
            normals=np.array(self.normals, float).reshape(-1, 3),
            face_colour=np.array(self.face_colours, float).reshape(-1, 3),
            is_two_sided=np.array(self.two_sided, bool),
            is_bare=np.zeros(num, bool),
            ends=np.array([rod[:2] for rod in rods], np.intp).reshape(-1, 2),
            radii=np.array([rod[2:4] for rod in rods], float).reshape(-1, 2),
            capsule_colour=np.array([rod[4] for rod in rods], float).reshape(-1, 3),
            groups=tuple(tuple(n if n >= 0 else num + ~n for n in group) for group in self.groups),
            keys=np.array(self.keys, np.intp),
            clear=tuple(n if n >= 0 else num + ~n for n in self.clear),
            opacity=self.opacity,
            lamps=tuple(self.lamps),
        )


@dataclass(frozen=True, slots=True)
class Ring:
    """A level ellipse of a turned body: middle, height, and reach ahead and aside."""

    z: float
    ahead: float
    aside: float
    x: float = 0.0
    y: float = 0.0


def even(colour: RGB, sections: int, sides: int) -> list[list[RGB]]:
    """One colour for all faces of a turned body."""
    return [[colour] * sides for _ in range(sections)]


def _normal(corners: Floats) -> Floats:
    """Unit normal by Newell's sum, which any flat polygon has."""
    turned = np.roll(corners, -1, axis=0)
    normal = np.cross(corners, turned).sum(0)
    return np.asarray(normal / max(float(np.linalg.norm(normal)), 1e-12))
