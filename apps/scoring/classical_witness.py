"""What happens in one camera's view, by rule from the tracks: who enters, leaves, stops, goes, collides, changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ...generation.embedding import NS_PER_TICK
from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH
from ...streams.world.events import HAND, Thing, WorldEvent, WorldEventKind
from .classical_background import Background, Sight
from .classical_names import Habit, Name
from .classical_track import Track
from .classical_tracker import Tracker

E = WorldEventKind
_ENTER_SHARE, _LEAVE_SHARE = 0.5, 0.3  # of a thing's box in the view, as the log has it
_VANISHED_SHARE = 0.75  # what is lost at the border with less than this in view has left
_WAIT_TICKS = 3  # at most, for a whole view of a newcomer before it is named
_LOST_NS = 6_000_000_000  # so long a thing that vanished in the middle may come back as itself
# How often such an event is one, whatever the thing is called: of flat shapes and of solid things, on training worlds.
_RIGHT = {
    E.ENTER: (0.92, 0.65),
    E.LEAVE: (0.86, 0.55),
    E.STOP: (0.79, 0.35),
    E.GO: (0.76, 0.35),
    E.COLLIDE: (0.6, 0.1),
    E.COLOUR: (0.5, 0.0),
}


@dataclass(slots=True, eq=False)
class Story:
    """What is believed of one thing over its life in view."""

    track: Track
    name: Name
    is_in: bool = False
    is_told: bool = False  # its coming has been said, or is nobody's event
    entered_ns: int = 0
    entered_tick: int = 0
    way_in: str = "left"
    is_moving: bool = True
    is_newcomer: bool = False  # came over the border
    colour: str | None = None  # as told last
    strange: list[str] = field(default_factory=list)  # other colours seen in a row
    last_ns: int = 0
    touched: set[int] = field(default_factory=set)

    @property
    def thing(self) -> Thing:
        """Its name; the colour stays what was told until a change is."""
        thing = self.name.best()[0]
        return Thing(self.colour, thing.kind) if self.colour else thing

    @property
    def sure(self) -> float:
        """Probability that the name is right."""
        return self.name.best()[1]


@dataclass(frozen=True, slots=True)
class Belief:
    """An event, and how probable it is that it is right."""

    event: WorldEvent
    confidence: float


class Witness:
    """One camera: its background, its tracks, and what is made of them."""

    def __init__(self, camera: int, habit: Habit) -> None:
        self.camera, self._habit = camera, habit
        self.stories: dict[int, Story] = {}
        self._background, self._tracker = Background(), Tracker()
        self._lost: list[Story] = []
        self._shift: NDArray[np.float32] = np.zeros(2, np.float32)

    def look(self, pixels: NDArray[np.uint8], t_ns: int) -> list[Belief]:
        """One picture [H, W, 3]; what has happened since the last."""
        if self._tracker.tick == 0:
            self._habit.enter(pixels)
        sight = self._background.look(pixels)
        self._tracker.follow(sight, self._background)
        self._shift = sight.shift
        found: list[Belief] = []
        for track in self._tracker.ended:
            found += self._end(track, t_ns)
        for track in self._tracker.tracks:
            story = self.stories.get(track.identity) or self._begin(track, t_ns)
            found += self._see(story, sight, t_ns)
        return found + self._collisions(t_ns)

    @property
    def present(self) -> list[Story]:
        """What is in view now."""
        return [s for s in self.stories.values() if s.is_in and s.is_told and s.thing.kind != HAND]

    def place(self, story: Story) -> float:
        """The middle of a thing, from 0 at the left border to 1 at the right one."""
        return (story.track.x - float(self._shift[0])) / VIEW_WIDTH

    def _begin(self, track: Track, t_ns: int) -> Story:
        story = Story(track, Name(self._habit))
        came_back = None if track.is_from_border else self._found_again(track, t_ns)
        if came_back is not None:
            story = came_back
            story.track = track
        elif track.was_there or self._tracker.tick <= 2:
            story.is_in = story.is_told = True
            story.is_moving = False
        self.stories[track.identity] = story
        return story

    def _found_again(self, track: Track, t_ns: int) -> Story | None:
        self._lost = [s for s in self._lost if t_ns - s.last_ns < _LOST_NS]
        alike = [
            s
            for s in self._lost
            if float(np.abs(s.track.colour - track.colour).mean()) < 30
            and 0.4 < track.area / max(s.track.area, 1) < 2.5
        ]
        if not alike:
            return None
        story = min(alike, key=lambda s: np.hypot(s.track.x - track.x, s.track.y - track.y))
        self._lost.remove(story)
        return story

    def _see(self, story: Story, sight: Sight, t_ns: int) -> list[Belief]:
        track = story.track
        story.last_ns = t_ns
        if track.blob is not None and not track.is_grouped:
            is_real = track.reach > 6 and track.seen > 2
            story.name.see(track.blob, sight, track.share(sight.shift), is_real)
        share = track.share(sight.shift)
        found: list[Belief] = []
        if not story.is_in and share >= _ENTER_SHARE:
            story.is_in, story.entered_ns, story.entered_tick = True, t_ns, self._tracker.tick
            story.way_in = self._side(track)
            story.is_newcomer = track.is_from_border and not story.is_told
        elif story.is_in and share < _LEAVE_SHARE:
            found += self._leave(story, t_ns)
        if story.is_in:
            found += self._welcome(story)
        if story.is_in and story.is_told and self._is_real(story):
            found += self._move(story, t_ns)
            if self._habit.flat > 0.5:  # only flat shapes do
                found += self._recolour(story, t_ns)
        return found

    def _welcome(self, story: Story) -> list[Belief]:
        """Say that a thing came, as soon as it can be named and has moved as things do."""
        waited = self._tracker.tick - story.entered_tick
        if story.is_told or not self._is_real(story) or (not story.name.num_clear and waited < _WAIT_TICKS):
            return []
        story.is_told = True
        # What comes up in the middle is a part of something else, or was behind it: nobody saw it come.
        return (
            [self._belief(story, E.ENTER, story.entered_ns, side=story.way_in)] if story.is_newcomer else []
        )

    def _leave(self, story: Story, t_ns: int) -> list[Belief]:
        story.is_in = False
        if not self._is_real(story):
            return []
        found = []
        if not story.is_told and story.is_newcomer:
            found.append(self._belief(story, E.ENTER, story.entered_ns, side=story.way_in))
        story.is_told = True
        return [*found, self._belief(story, E.LEAVE, t_ns, side=self._side(story.track))]

    def _is_real(self, story: Story) -> bool:
        """Whether it has moved as only things do, and is not a hand."""
        track = story.track
        far = 3.0 if story.is_newcomer or track.was_there else 8.0
        return track.seen > 1 and track.reach > far and story.thing.kind != HAND

    def _end(self, track: Track, t_ns: int) -> list[Belief]:
        """A track is over: out over a border, or lost."""
        story = self.stories.pop(track.identity, None)
        if story is None or not story.is_in:
            return []
        share = track.share(self._shift)
        if share < _LEAVE_SHARE or (share < _VANISHED_SHARE and track.is_cut):
            return self._leave(story, t_ns - max(track.missed - 1, 0) * NS_PER_TICK)
        self._lost.append(story)
        return []

    def _move(self, story: Story, t_ns: int) -> list[Belief]:
        """Stop and go, by the way made good over one tick and over two."""
        way = [p for p in story.track.way if p[0] > self._tracker.tick - 4]
        if len(way) < 3 or way[-1][0] != self._tracker.tick or way[-3][0] != self._tracker.tick - 2:
            return []
        (_, x2, y2), (_, x1, y1), (_, x0, y0) = way[-3:]
        last, both = float(np.hypot(x0 - x1, y0 - y1)), float(np.hypot(x0 - x2, y0 - y2))
        slack = (0.7 + 0.012 * story.track.side) * (1.6 if story.track.is_grouped else 1.0)
        if story.is_moving and last < slack and both < 1.4 * slack:
            story.is_moving = False
            return [self._belief(story, E.STOP, t_ns - 3 * NS_PER_TICK // 2)]
        if not story.is_moving and last > slack and both > 2.2 * slack:
            story.is_moving = True
            direction = _direction(x0 - x2, y0 - y2)
            return [self._belief(story, E.GO, t_ns - NS_PER_TICK, direction=direction)]
        return []

    def _recolour(self, story: Story, t_ns: int) -> list[Belief]:
        """Another colour twice in a row, on a thing that is whole and by itself."""
        track = story.track
        if story.colour is None:
            if story.name.num_clear >= 1.9:
                story.colour = story.name.best()[0].colour
            return []
        if track.blob is None or track.blob.cut or track.ticks_apart < 3:
            return []
        now, size = story.name.last_colour, track.blob.area / max(track.area, 1)
        is_other = now != story.colour and 0.7 < size < 1.4
        story.strange = [*story.strange, now][-2:] if is_other else []
        if len(story.strange) < 2 or story.strange[0] != story.strange[1]:
            return []
        belief = self._belief(story, E.COLOUR, t_ns - 3 * NS_PER_TICK // 2, colour=now)
        story.colour, story.strange = now, []
        story.name.forget_colour()
        return [belief]

    def _collisions(self, t_ns: int) -> list[Belief]:
        here = [s for s in self.present if len(s.track.way) >= 5]
        found = []
        for n, first in enumerate(here):
            for second in here[n + 1 :]:
                identity = second.track.identity
                if identity not in first.touched and _bounced(first.track, second.track, self._tracker.tick):
                    first.touched.add(identity)
                    belief = self._belief(first, E.COLLIDE, t_ns - 2 * NS_PER_TICK)
                    found.append(replace(belief, event=replace(belief.event, other=second.thing)))
        return found

    def _belief(self, story: Story, kind: WorldEventKind, t_ns: int, **details: str) -> Belief:
        event = WorldEvent(max(t_ns, 0), self.camera, kind, story.thing, identity=story.track.identity)
        event = replace(event, **details)  # type: ignore[arg-type]  # texts all
        flat, solid = _RIGHT[kind]
        happens = self._habit.flat * flat + (1 - self._habit.flat) * solid
        return Belief(event, story.sure * happens)

    def _side(self, track: Track) -> str:
        """The border that cuts a thing most."""
        x, y = track.x - float(self._shift[0]), track.y - float(self._shift[1])
        beyond = {
            "left": track.width / 2 - x,
            "right": x + track.width / 2 - VIEW_WIDTH,
            "top": track.height / 2 - y,
            "bottom": y + track.height / 2 - VIEW_HEIGHT,
        }
        return max(beyond, key=lambda side: beyond[side])


def _direction(dx: float, dy: float) -> str:
    if abs(dx) >= abs(dy):
        return "right" if dx > 0 else "left"
    return "down" if dy > 0 else "up"


def _bounced(first: Track, second: Track, tick: int) -> bool:
    """Two that came together and go apart, both turned by it, without passing through each other."""
    ways = [_positions(track, tick) for track in (first, second)]
    if any(way is None for way in ways):
        return False
    a, b = np.array(ways[0]), np.array(ways[1])
    apart = np.hypot(*(a - b).T)
    size = (first.side + second.side) / 2
    if apart.min() < 0.55 * size or apart.min() > 1.25 * size:
        return False
    nearest = int(np.argmin(apart))
    if nearest not in (1, 2, 3):
        return False
    normal = (b[nearest] - a[nearest]) / max(apart[nearest], 1e-3)
    turns = []
    for way, sign in ((a, -1.0), (b, 1.0)):
        before, after = (way[nearest] - way[0]) / nearest, (way[-1] - way[nearest]) / (4 - nearest)
        turns.append(sign * float((after - before) @ normal))
    return min(turns) > 1.5 and sum(turns) > 5.0


def _positions(track: Track, tick: int) -> Sequence[tuple[float, float]] | None:
    """Where it was in the last five ticks."""
    way = [(x, y) for t, x, y in track.way if t > tick - 5]
    return way if len(way) == 5 else None
