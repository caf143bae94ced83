"""Typed lines reach the model: questions once, standing instructions again and again."""

import pytest
from media_files import RecurrentSpeaker

from millrace.generation.narrator import REMINDER_NS
from millrace.runtime.typed import Typed, is_standing
from millrace.streams.media import TextInput

S = 1_000_000_000


def read(typed, t_ns, *lines):
    """The lengths of the lines that a tick reads."""
    return [
        int(b.features[0, 0]) for b in typed.blocks(t_ns, [TextInput("user", t_ns, line) for line in lines])
    ]


def test_a_question_is_read_once():
    typed = Typed(RecurrentSpeaker())
    assert read(typed, 0, "what is this") == [12]
    assert read(typed, S) == []


def test_an_instruction_is_read_again_but_never_beside_a_question():
    typed, line = Typed(RecurrentSpeaker()), "tell me when a car enters cam1"
    assert read(typed, 0, line) == [len(line)]
    assert read(typed, REMINDER_NS - 1) == []
    assert read(typed, REMINDER_NS, "what is this") == [12]
    assert read(typed, REMINDER_NS + 1) == [len(line)]


@pytest.mark.parametrize(
    "line, standing",
    [
        ("Tell me when a car enters cam1", True),
        ("please let me know when you hear a bell", True),
        ("what did you tell me when it rang", False),
        ("how many people are in cam1", False),
    ],
)
def test_what_begins_with_tell_me_when_stands(line, standing):
    assert is_standing(line) is standing
