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


def test_what_an_instruction_asks_for_is_told_as_an_alert_whether_or_not_the_model_marked_it():
    reminder = Reminder()
    reminder.add("Please tell me when a red car enters cam2.")
    assert (
        reminder.marked("cam2: a red car appears on the left") == "alert cam2: a red car appears on the left"
    )
    assert (
        reminder.marked("alert cam2: a red car appears on the left")
        == "alert cam2: a red car appears on the left"
    )
    assert reminder.marked("cam1: a red car appears on the left") == "cam1: a red car appears on the left"
    assert (
        reminder.marked("alert cam1: a red car appears on the left") == "cam1: a red car appears on the left"
    )
    assert reminder.marked("reply: a red car") == "reply: a red car"
    reminder.remove("Please tell me when a red car enters cam2.")
    assert (
        reminder.marked("alert cam2: a red car appears on the left") == "cam2: a red car appears on the left"
    )


def test_what_the_model_is_not_sure_enough_of_is_told_and_no_alert():
    reminder = Reminder(alert_confidence=0.6)
    reminder.add("tell me when a red car enters cam2")
    reminder.add("tell me when it looks dangerous")
    told = "cam2: a red car appears on the left"
    assert reminder.marked(told, 0.6) == f"alert {told}"
    assert reminder.marked(told, 0.59) == told
    assert reminder.marked(f"alert {told}", 0.59) == told  # the model's own mark does not help


def test_where_an_instruction_is_beyond_the_grammar_the_model_s_own_mark_counts():
    reminder = Reminder()
    reminder.add("tell me when it looks dangerous")
    assert (
        reminder.marked("alert cam1: a red car appears on the left")
        == "alert cam1: a red car appears on the left"
    )
    assert reminder.marked("cam1: a red car appears on the left") == "cam1: a red car appears on the left"
    reminder.add("tell me when anything leaves any camera")
    told = "cam1: the red car leaves on the right"
    assert reminder.marked(told) == f"alert {told}"
