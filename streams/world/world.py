"""A world: cameras and sound for some seconds, all from one seed, with the exact log of what happens."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .events import WorldEvent
from .flat import FlatStage
from .recipes import SCENES, pick_scene
from .sound import Soundtrack, make_soundtrack, soundtrack_of
from .speech import Utterance
from .stage import GLANCE, Picture, Sighting, Stage, Window


@dataclass(slots=True, eq=False)
class World:
    """One to four cameras and a microphone for `duration_s` seconds. The same arguments give the same world.

    `scene` is a recipe's name or a mixture's: `mixed` (shapes), `things`, `all`. With `unseen` it is about pairs of
    kind and colour that training never contains; with `rush` people and things come and go as often as they find
    room, so that an hour of stream holds more to learn; with `strange` grounds and clothes have textures that training
    never contains; with `spoken` somebody asks and instructs aloud, in words that `speech` names. `events` is the exact
    log, in order of time. Raises SourceError for an unknown scene, MissingDependencyError where nothing can speak.
    """

    seed: int
    num_cameras: int = 4
    scene: str = "mixed"
    duration_s: float = 30.0
    unseen: bool = False
    rush: bool = False
    strange: bool = False
    spoken: bool = False
    stage: Stage = field(init=False)
    events: tuple[WorldEvent, ...] = field(init=False)
    speech: tuple[Utterance, ...] = field(init=False, default=())  # in order of time
    soundtrack: Soundtrack = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, self.num_cameras])
        self.scene = pick_scene(self.scene, rng)
        if self.scene in SCENES:
            recipe = SCENES[self.scene]
            self.stage = FlatStage(self.num_cameras, recipe, self.duration_s, self.unseen, rng)
            self.speech = self._speak()
            self.soundtrack = make_soundtrack(recipe, self.duration_s, rng, self.speech)
        else:
            from .solid.solid_stage import SolidStage

            self.stage = SolidStage(
                self.seed, self.num_cameras, self.scene, self.duration_s, self.unseen, self.rush, self.strange
            )
            self.speech = self._speak()
            self.soundtrack = soundtrack_of(self.stage.cues, self.duration_s, rng, speech=self.speech)
        found = [*self.stage.events, *self.soundtrack.events]
        self.events = tuple(sorted(found, key=lambda e: (e.t_ns, -1 if e.camera is None else e.camera)))

    def _speak(self) -> tuple[Utterance, ...]:
        if not self.spoken:
            return ()
        from .spoken import draw_speech

        return draw_speech(self)

    def picture(self, camera: int, t_ns: int, window: Window = GLANCE) -> Picture:
        """What a camera (from 0) sees at a time; any order of calls gives the same pictures."""
        return self.stage.picture(camera, t_ns, window)

    def sightings(self, camera: int, t_ns: int) -> list[Sighting]:
        """The truth behind the picture: what is in the camera's view."""
        return self.stage.sightings(camera, t_ns)
