"""Standing instructions are read again, until they are taken back."""

from millrace.generation.reminder import Reminder

S = 1_000_000_000


def test_an_instruction_is_read_at_once_and_again_after_the_period():
    reminder = Reminder(period_ns=4 * S)
    reminder.add("tell me when a car enters cam1")
    assert reminder.due(1 * S) == ["tell me when a car enters cam1"]
    assert reminder.due(4 * S) == []
    assert reminder.due(5 * S) == ["tell me when a car enters cam1"]


def test_what_is_taken_back_is_read_no_more():
    reminder = Reminder()
    reminder.add("a")
    reminder.add("b")
    assert reminder.instructions == ("a", "b")
    assert reminder.remove("a") and not reminder.remove("a")
    assert reminder.due(0) == ["b"]
