import pytest

from millrace.runtime.plan import TextDelta
from millrace.runtime.sentences import SentenceBuilder, camera_of, join_words

CAMERAS = ("front", "door")


def say(builder, words, t_ns=0, t_out_ns=0):
    return [builder.add(TextDelta(t_ns, t_out_ns, word, word in ("", "left."))) for word in words]


def test_a_sentence_is_put_together_over_two_ticks():
    builder = SentenceBuilder(CAMERAS)
    assert say(builder, ["cam2:", "a", "red"], t_ns=100, t_out_ns=110) == [None, None, None]
    assert builder.is_open
    sentence = say(builder, ["disc", "enters", ""], t_ns=300, t_out_ns=310)[-1]
    assert (sentence.t_ns, sentence.t_out_ns) == (100, 310)
    assert (sentence.camera, sentence.text) == ("door", "cam2: a red disc enters")
    assert not builder.is_open


def test_an_end_that_carries_the_last_word_closes_too():
    assert say(SentenceBuilder(CAMERAS), ["cam1:", "left."])[-1].text == "cam1: left."


def test_an_alert_is_marked_last_and_told_first():
    words = ["cam2:", "a", "red", "disc", "enters", "alert", ""]
    sentence = say(SentenceBuilder(CAMERAS), words)[-1]
    assert (sentence.camera, sentence.text) == ("door", "alert cam2: a red disc enters")


def test_a_sentence_is_as_sure_as_the_words_that_state_something():
    builder = SentenceBuilder(CAMERAS)
    chances = {"cam1:": 0.9, "a": 0.9, "red": 0.8, "disc": 0.5, "appears": 0.3, "": 0.1}
    for word, chance in chances.items():
        sentence = builder.add(TextDelta(0, 0, word, not word, chance))
    assert sentence.confidence == pytest.approx(0.9 * 0.8 * 0.5)


def test_an_end_without_words_is_no_sentence():
    assert say(SentenceBuilder(CAMERAS), [""]) == [None]


@pytest.mark.parametrize(
    ("text", "camera"),
    [
        ("cam1: a", "front"),
        ("cam2 : a", "door"),
        ("cam3: a", None),
        ("cam0: a", None),
        ("mic: two beeps", None),
    ],
)
def test_the_first_word_names_the_camera(text, camera):
    assert camera_of(text, CAMERAS) == camera


def test_marks_stick_to_the_word_before():
    assert join_words(["cam2", ":", "a", " red", "disc", "."]) == "cam2: a red disc."
