"""The papers of the exam: which worlds are shown, for how long, and what is asked about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...generation.embedding import NS_PER_TICK
from ...streams.world.questions import FAMILIES, Asked, QuestionKind
from ...streams.world.recipes import HELD_OUT_SCENES, SCENES
from ...streams.world.record import Record, record_of
from ...streams.world.world import World
from . import seeds

NARRATION_S = 24.0
LIVE_S = 40.0
QUIET_S = 150.0
LONG_S = 630.0
NOW = tuple(kind for family in ("live", "identity", "sound") for kind in FAMILIES[family])
PAST = FAMILIES["memory"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One world of a paper. The same values give the same stream."""

    paper: str
    seed: int
    num_cameras: int
    scene: str  # as `World` takes it: a recipe or a mixture
    duration_s: float = NARRATION_S
    unseen: bool = False
    strange: bool = False
    kinds: tuple[QuestionKind, ...] = ()  # of the questions that are asked
    num_orders: int = 0  # standing instructions

    @property
    def names(self) -> list[str]:
        """Of the cameras."""
        return [f"cam{n + 1}" for n in range(self.num_cameras)]

    @property
    def num_ticks(self) -> int:
        return int(self.duration_s * 1e9) // NS_PER_TICK

    def world(self) -> World:
        """The world, made anew."""
        return World(
            self.seed, self.num_cameras, self.scene, self.duration_s, self.unseen, strange=self.strange
        )

    def record(self, world: World) -> Record:
        """Its truth at all ticks."""
        return record_of(world, self.num_ticks, NS_PER_TICK)


@dataclass(frozen=True, slots=True)
class Query:
    """A question as it is put, and its true answer."""

    text: str
    asked: Asked
    form: str  # what a guess may rest on without looking: the kind, and what else the wording gives away

    @property
    def delay_s(self) -> float:
        """How long ago the event was that decides."""
        return (self.asked.tick * NS_PER_TICK - self.asked.about_ns) / 1e9


@dataclass(frozen=True, slots=True)
class Order:
    """A standing instruction as it is given."""

    text: str
    tick: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that is put to an examinee in one world."""

    setting: Setting
    queries: tuple[Query, ...] = ()  # in order of time
    orders: tuple[Order, ...] = ()

    def texts(self, tick: int) -> list[str]:
        """What is typed at a tick: instructions first."""
        given = [order.text for order in self.orders if order.tick == tick]
        return given + [query.text for query in self.queries if query.asked.tick == tick]


def is_of_shapes(scene: str) -> bool:
    """Whether a world's scene (the recipe that was drawn) is one of flat shapes."""
    return scene in SCENES


def _narration(paper: str, numbers: range, scene: str, unseen: bool = False) -> Iterator[Setting]:
    for n, seed in enumerate(numbers):
        yield Setting(paper, seed, 1 + n % 4, scene, unseen=unseen)


def _recipes() -> Iterator[Setting]:
    for n, seed in enumerate(seeds.RECIPES):
        yield Setting("recipes", seed, 1 + n // 2 % 3, HELD_OUT_SCENES[n % len(HELD_OUT_SCENES)])


def _textures() -> Iterator[Setting]:
    for n, seed in enumerate(seeds.TEXTURES):
        yield Setting("textures", seed, 1 + n % 4, "things", strange=True)


def _live(numbers: range, scenes: tuple[str, ...]) -> Iterator[Setting]:
    for n, seed in enumerate(numbers):
        yield Setting("live", seed, 2 + n % 3, scenes[n % len(scenes)], LIVE_S, kinds=NOW, num_orders=2)


def _memory(paper: str, numbers: range, scenes: tuple[str, ...], duration_s: float) -> Iterator[Setting]:
    for n, seed in enumerate(numbers):
        yield Setting(
            paper, seed, 1 + n % 2, scenes[n % len(scenes)], duration_s, kinds=PAST, num_orders=1 + n % 2
        )


_QUIET = ("quiet",)
_LIVE_SHAPES = ("mixed", "overlap", "standard")  # what several cameras see tells who is who

PAPERS: dict[str, tuple[Setting, ...]] = {
    "shapes": tuple(_narration("shapes", seeds.SHAPES[:40], "mixed")),
    "things": tuple(_narration("things", seeds.THINGS[:32], "things")),
    "easy": tuple(_narration("easy", seeds.EASY, "easy")),
    "unseen": (
        *_narration("unseen", seeds.UNSEEN_SHAPES[:12], "mixed", unseen=True),
        *_narration("unseen", seeds.UNSEEN_THINGS[:12], "things", unseen=True),
    ),
    "recipes": tuple(_recipes())[:12],
    "textures": tuple(_textures())[:12],
    "live": (
        *_live(seeds.LIVE_SHAPES[:16], _LIVE_SHAPES),
        *_live(seeds.LIVE_THINGS[:16], ("things",)),
    ),
    "quiet": (
        *_memory("quiet", seeds.QUIET_SHAPES[:4], _QUIET, QUIET_S),
        *_memory("quiet", seeds.QUIET_THINGS[:4], ("things",), QUIET_S),
    ),
    "long": (
        *_memory("long", seeds.LONG_SHAPES[:3], _QUIET, LONG_S),
        *_memory("long", seeds.LONG_THINGS[:3], ("things",), LONG_S),
    ),
}
