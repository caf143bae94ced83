"""Fit the tables of the classical baseline on training worlds: `python -m millrace.apps.scoring.classical_fit`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

import numpy as np
from numpy.typing import NDArray

from ...generation.embedding import NS_PER_TICK
from ...streams.media import Inputs
from ...streams.world.events import COLOURS, LABELS, SHAPE_COLOURS, SHAPES, Thing
from ...streams.world.stage import mark
from ...streams.world.ticks import world_inputs
from ...streams.world.world import World
from .classical_background import Background
from .classical_blobs import Blob
from .classical_ears import NAMES, NOTHING, Ears, sound_features
from .classical_measures import VIEWS, colour_features, room_features, shape_features, view_of
from .classical_names import FAMILIES
from .classical_tracker import Tracker

FIRST_SEED = {"mixed": 6_000_000, "things": 6_100_000}  # training seeds are 1,000,000 and above
_FAMILY_NAMES = ("shape", "thing")
DURATION_S = 20.0
_RIDGE = 0.02  # of the spread of each measure, added to it
_FEWEST = 20  # examples of a name that is to be told at all
_MOST = 15  # examples from one thing in one kind of view: more only say the same
_CHUNK = 3200  # samples


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One blob's measures and its true name."""

    shape: NDArray[np.float64]
    colour: NDArray[np.float64]
    thing: Thing
    view: str  # one of VIEWS


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Coefficients with the names of their rows."""

    names: tuple[str, ...]
    rows: NDArray[np.float64]  # [C, F + 1]


def examples_of(world: World) -> Iterator[Example]:
    """Measures of the blobs that the tracker finds in a world of one camera, with their true names."""
    background, tracker = Background(), Tracker(lambda blob, sight: True)  # no table is needed for it
    seen: Counter[tuple[int, str]] = Counter()
    for inputs in _inputs(world):
        sight = background.look(inputs.frames["cam1"].pixels)
        tracker.follow(sight, background)
        identities = world.picture(0, inputs.t_ns).identities
        names = {mark(s.identity): s.thing for s in world.sightings(0, inputs.t_ns)}
        for blob in (t.blob for t in tracker.tracks if t.blob is not None and not t.is_grouped):
            owner = _owner(blob, identities)
            seen[owner, view_of(blob)] += 1
            if owner in names and seen[owner, view_of(blob)] <= _MOST:
                shape, colour = shape_features(blob, sight), colour_features(blob, sight)
                yield Example(shape, colour, names[owner], view_of(blob))


def _owner(blob: Blob, identities: NDArray[np.uint8]) -> int:
    """The mark of the one thing that fills a blob, or 0; a blob may have a shadow."""
    inside = np.bincount(identities[blob.box][blob.mask], minlength=256)
    best = int(np.argmax(inside[1:])) + 1
    whole = int((identities == best).sum())
    return best if inside[best] > 0.6 * blob.area and inside[best] > 0.6 * whole else 0


def heard_in(world: World) -> Iterator[tuple[NDArray[np.float64], str]]:
    """Measures of the groups of sound in a world, with their true names."""
    ears, samples = Ears(), world.soundtrack.samples
    untold = [(event.t_ns / 1e9, str(event.sound)) for event in world.soundtrack.events]
    for start in range(0, len(samples), _CHUNK):
        for group in ears.groups(samples[start : start + _CHUNK]):
            begin_s, end_s = group.first / 100 - 0.1, (group.first + len(group.heard)) / 100 + 0.3
            within = [told for told in untold if begin_s <= told[0] <= end_s]
            untold = [told for told in untold if told not in within[:1]]
            yield sound_features(group), within[0][1] if within else NOTHING


def discriminant(
    features: NDArray[np.float64], labels: Sequence[str], names: Sequence[str]
) -> NDArray[np.float64]:
    """Fisher's linear discriminant with equal priors [C, F + 1]; a name without examples gets a constant of -1000."""
    wanted = np.array(labels)
    table = np.zeros((len(names), features.shape[1] + 1))
    means = {name: features[wanted == name].mean(0) for name in names if (wanted == name).sum() > _FEWEST}
    rest = np.concatenate([features[wanted == name] - mean for name, mean in means.items()])
    # Every class counts alike in the common spread, however often it is seen.
    weights = np.concatenate([np.full((wanted == name).sum(), 1 / (wanted == name).sum()) for name in means])
    spread = (rest * weights[:, None]).T @ rest / weights.sum()
    inverse = np.linalg.inv(spread + _RIDGE * np.diag(np.diag(spread)) + 1e-6 * np.eye(len(spread)))
    for row, name in enumerate(names):
        mean = means.get(name)
        table[row, -1] = -1000.0 if mean is None else -0.5 * float(mean @ inverse @ mean)
        if mean is not None:
            table[row, :-1] = inverse @ mean
    named = [n for n, name in enumerate(names) if name in means]
    table[named] -= table[named].mean(0)  # only differences matter, and small figures print well
    return table


def sight_tables(found: Sequence[Example]) -> dict[str, Table]:
    """The tables of `classical_names`."""
    tables: dict[str, Table] = {}
    for view in VIEWS:
        seen = [e for e in found if e.view == view]
        parts = [_within(seen, family) for family in FAMILIES]
        tables[f"{view.upper()}_TABLE"] = Table(LABELS, np.concatenate(parts))
    whole = [e for e in found if e.view == VIEWS[0]]
    families = ["shape" if e.thing.kind in SHAPES else "thing" for e in whole]
    measures = np.array([np.concatenate([e.shape, e.colour]) for e in whole])
    tables["FAMILY_TABLE"] = Table(_FAMILY_NAMES, discriminant(measures, families, _FAMILY_NAMES))
    flat, solid = ([e for e in found if (e.thing.kind in SHAPES) == is_flat] for is_flat in (True, False))
    for title, seen, names in (("SHAPE_COLOUR", flat, SHAPE_COLOURS), ("COLOUR", solid, COLOURS)):
        colours = discriminant(np.array([e.colour for e in seen]), [e.thing.colour for e in seen], names)
        tables[f"{title}_TABLE"] = Table(names, colours)
    return tables


def _within(found: Sequence[Example], family: tuple[str, ...]) -> NDArray[np.float64]:
    """A discriminant of the kinds of one family: flat shapes vary far less than solid things."""
    own = [e for e in found if e.thing.kind in family]
    return discriminant(np.array([e.shape for e in own]), [e.thing.kind for e in own], family)


def room_table(rooms: Sequence[tuple[NDArray[np.float64], str]]) -> Table:
    """What a stream's first picture tells of it."""
    features = np.array([measures for measures, _ in rooms])
    return Table(_FAMILY_NAMES, discriminant(features, [name for _, name in rooms], _FAMILY_NAMES))


def sound_table(heard: Sequence[tuple[NDArray[np.float64], str]]) -> Table:
    """The table of `classical_ears`."""
    features = np.array([measures for measures, _ in heard])
    return Table(NAMES, discriminant(features, [name for _, name in heard], NAMES))


_HEAD = """import numpy as np
from numpy.typing import NDArray


def _table(num_rows: int, figures: str) -> NDArray[np.float64]:
    return np.array([float(figure) for figure in figures.split()]).reshape(num_rows, -1)

"""


def write_tables(path: Path, tables: Mapping[str, Table]) -> None:
    """The tables as a module of the package."""
    parts = ['"""Coefficients of the classical baseline, written by `classical_fit`; do not edit."""\n']
    parts.append(_HEAD)
    for title, table in tables.items():
        figures = fill(" ".join(f"{v:.4g}" for v in table.rows.ravel()), 106)
        rows = fill(f"Rows: {', '.join(table.names)}; the last column is the constant.", 104)
        parts.append("# " + rows.replace("\n", "\n# "))
        parts.append(f'{title} = _table(\n    {len(table.names)},\n    """\n{figures}\n""",\n)\n')
    path.write_text("\n".join(parts))


def fit(num_shape_worlds: int = 120, num_thing_worlds: int = 220) -> None:
    """Render training worlds, follow and hear what is in them, and write the tables anew."""
    found: list[Example] = []
    rooms: list[tuple[NDArray[np.float64], str]] = []
    heard: list[tuple[NDArray[np.float64], str]] = []
    plans = zip(_FAMILY_NAMES, ("mixed", "things"), (num_shape_worlds, num_thing_worlds), strict=True)
    for family, scene, number in plans:
        for n in range(number):
            world = World(FIRST_SEED[scene] + n, 1, scene, DURATION_S)
            found += examples_of(world)
            rooms.append((room_features(next(iter(_inputs(world))).frames["cam1"].pixels), family))
            heard += heard_in(world)
    tables = {**sight_tables(found), "ROOM_TABLE": room_table(rooms), "SOUND_TABLE": sound_table(heard)}
    write_tables(Path(__file__).with_name("classical_table.py"), tables)


def _inputs(world: World) -> Iterator[Inputs]:
    return world_inputs(world, ["cam1"], NS_PER_TICK, has_native=False)


if __name__ == "__main__":
    fit()
