"""`--ask` says what and when."""

import pytest

from millrace.apps.asking import QUESTION_S, Ask, parse_ask
from millrace.errors import ConfigError

S = 1_000_000_000


@pytest.mark.parametrize(
    "line, wanted",
    [
        ("how many people are in cam1", Ask("how many people are in cam1", round(QUESTION_S * S))),
        ("how many people are in cam1 @ 12.5", Ask("how many people are in cam1", 12_500_000_000)),
        ("what is in cam2@7s", Ask("what is in cam2", 7 * S)),
        ("tell me when a car enters cam1", Ask("tell me when a car enters cam1", 0)),
        ("tell me when a car enters cam1 @4", Ask("tell me when a car enters cam1", 4 * S)),
    ],
)
def test_a_line_is_asked_at_its_time(line, wanted):
    assert parse_ask(line) == wanted


@pytest.mark.parametrize("line", ["what is it @ noon", "what is it @ -3", "what is it @ nan"])
def test_a_time_that_is_none_is_named(line):
    with pytest.raises(ConfigError, match="in seconds"):
        parse_ask(line)
