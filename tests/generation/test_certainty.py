"""A sentence is as sure as what it states; how it is told does not count."""

import pytest

from millrace.generation.certainty import sentence_confidence
from millrace.generation.narrator import Word
from millrace.streams.world.language import content_words, vocabulary
from millrace.streams.world.words import all_words


def sentence(text, **chances):
    """Words with probability 0.5, but for those that are named."""
    words = [Word(word, probability=chances.get(word.rstrip(":"), 0.5)) for word in text.split()]
    return [*words, Word("", is_end=True, probability=0.1)]


@pytest.mark.parametrize(
    ("text", "chances"),
    [
        ("cam2: a red disc enters from the left", {"cam2": 0.9, "red": 0.8, "disc": 0.7}),
        ("cam2: a red disc appears on the left", {"cam2": 0.9, "red": 0.8, "disc": 0.7}),
        ("cam1: the person in black stands still alert", {"cam1": 0.9, "person": 0.8, "black": 0.7}),
        ("mic: i hear three beeps", {"mic": 0.9, "three": 0.8, "beeps": 0.7}),
        ("reply: red star", {"red": 0.63, "star": 0.8}),
        ("reply: left", {"left": 0.504}),  # a side is a detail of an event, but may be all of an answer
    ],
)
def test_only_what_is_stated_counts(text, chances):
    assert sentence_confidence(sentence(text, **chances)) == pytest.approx(0.504)


def test_both_things_of_a_collision_count():
    hit = "cam1: the red disc hits the blue star"
    assert sentence_confidence(sentence(hit, cam1=1.0)) == pytest.approx(0.5**4)


def test_words_of_another_language_all_count():
    assert sentence_confidence(sentence("hello there")) == pytest.approx(0.25)
    assert sentence_confidence([]) == 1.0


def test_an_end_that_carries_a_word_counts():
    words = [Word("reply:", probability=0.2), Word("yes", is_end=True, probability=0.7)]
    assert sentence_confidence(words) == pytest.approx(0.7)


def test_words_of_content_are_words_of_the_vocabulary():
    assert content_words() < {*vocabulary(), "mic:"} <= set(all_words())
    assert not content_words() & {"a", "the", "enters", "comes", "in", "left", "door", "alert", "i"}


def test_what_is_said_of_each_word_may_come_from_elsewhere():
    words = [Word(word, confidence=0.9, probability=0.1) for word in ["cam2:", "a", "red", "disc", "stops"]]
    assert sentence_confidence(words, lambda word: word.confidence) == pytest.approx(0.9**3)
