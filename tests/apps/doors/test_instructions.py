"""Standing instructions on their way to a tick that is slower than those who give them."""

import pytest

from millrace.apps.doors.hub import Hub
from millrace.apps.doors.instructions import FullError, Instructions


class SlowSession:
    """Takes up what it was given when its tick begins, as a session's thread does, and not when it is asked."""

    def __init__(self):
        self.standing, self._given = (), []

    def text(self, line):
        self._given.append(line)

    def forget(self, line):
        self.standing = tuple(each for each in self.standing if each != line)

    def begin_tick(self):
        self.standing, self._given = tuple(dict.fromkeys([*self.standing, *self._given])), []


@pytest.fixture
def session():
    return SlowSession()


@pytest.fixture
def instructions(session):
    return Instructions(session, Hub(), max_standing=3)


def change(instructions, lines):
    """One line in the place of the last, again and again."""
    before = None
    for line in lines:
        if before is not None:
            assert instructions.take_back(before)
        assert instructions.give(line)
        before = line


def test_what_a_slow_tick_holds_although_it_was_taken_back_takes_nobodys_place(session, instructions):
    lines = [f"tell me when car {n} comes" for n in range(8)]
    change(instructions, lines[:4])
    session.begin_tick()  # it holds all four, and runs on
    assert session.standing == tuple(lines[:4])
    assert instructions.all == (lines[3],)
    change(instructions, lines[3:])
    assert instructions.all == (lines[7],)
    instructions.settle()
    session.begin_tick()
    instructions.settle()
    assert session.standing == instructions.all == (lines[7],)


def test_a_line_that_was_taken_back_and_given_again_stands_once(session, instructions):
    line = "tell me when a car comes"
    instructions.give(line)
    session.begin_tick()
    assert instructions.take_back(line) and not instructions.take_back(line)
    assert instructions.give(line)
    assert instructions.all == (line,)
    for _ in range(2):
        instructions.settle()
        session.begin_tick()
    assert session.standing == instructions.all == (line,)


def test_those_that_are_wanted_are_counted_and_no_others(session, instructions):
    for n in range(3):
        instructions.give(f"tell me when car {n} comes")
    session.begin_tick()
    with pytest.raises(FullError, match="3 instructions stand already"):
        instructions.give("tell me when a dog barks")
    instructions.take_back("tell me when car 1 comes")
    assert instructions.give("tell me when a dog barks")
