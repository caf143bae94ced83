"""Standing instructions as people type them."""

import numpy as np
import pytest

from millrace.streams.world.events import COLOURS, KINDS, SOUNDS
from millrace.streams.world.events import WorldEventKind as E
from millrace.streams.world.instructions import Instruction, instruct, understand


@pytest.mark.parametrize(
    ("text", "instruction"),
    [
        (
            "Tell me when a person in blue enters camera 3",
            Instruction(E.ENTER, camera=2, noun="person", colour="blue"),
        ),
        ("please let me know when the dog leaves cam 1.", Instruction(E.LEAVE, camera=0, noun="dog")),
        ("tell me when somebody walks into camera 2!", Instruction(E.ENTER, camera=1, noun="person")),
        ("tell me when a red person disappears", Instruction(E.LEAVE, noun="person", colour="red")),
        ("alert me when something red stops", Instruction(E.STOP, colour="red")),
        ("tell me when you hear a bell", Instruction(E.SOUND, sound="bell")),
        ("tell me when it looks dangerous", None),
        ("tell me when a unicorn enters cam1", None),
    ],
)
def test_what_people_type_is_understood_near_the_grammar_and_not_guessed_beyond_it(text, instruction):
    assert understand(text) == instruction


def test_every_wording_of_the_grammar_is_understood_as_itself():
    rng = np.random.default_rng(0)
    for _ in range(2000):
        kind = (E.ENTER, E.LEAVE, E.STOP, E.SOUND)[rng.integers(4)]
        if kind is E.SOUND:
            given = Instruction(kind, sound=str(rng.choice(SOUNDS)))
        else:
            camera = (None, 0, 1, 2, 3)[rng.integers(5)]
            noun, colour = (
                (None, *names)[rng.integers(len(names) + 1)] for names in (list(KINDS), list(COLOURS))
            )
            given = Instruction(kind, camera, noun, colour)
        assert understand(instruct(given, rng)) == given
