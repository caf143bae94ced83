"""Events said against events that happened."""

from millrace.apps.scoring.matching import Score, compare, match, partial_key
from millrace.streams.world.events import Thing, WorldEvent, WorldEventKind

K = WorldEventKind
DISC, STAR = Thing("red", "disc"), Thing("blue", "star")


def event(t_s, camera=0, kind=K.ENTER, thing=DISC, **rest):
    return WorldEvent(round(t_s * 1e9), camera, kind, thing, **rest)


def test_all_right_is_one():
    events = [event(1), event(2, thing=STAR)]
    assert compare(events, events).f1 == 1.0


def test_half_a_second_counts_and_a_little_more_does_not():
    assert compare([event(1.5)], [event(1)]).hits == 1
    assert compare([event(1.501)], [event(1)]).hits == 0


def test_wrong_camera_kind_or_thing_is_no_hit():
    for wrong in (event(1, camera=1), event(1, kind=K.LEAVE), event(1, thing=STAR)):
        assert compare([wrong], [event(1)]).hits == 0
    assert compare([event(1, thing=STAR)], [event(1)], partial_key).hits == 1


def test_saying_it_twice_is_one_hit_and_one_false_alarm():
    score = compare([event(1), event(1.1)], [event(1)])
    assert (score.hits, score.said, score.happened) == (1, 2, 1)
    assert match([event(1.1), event(1)], [event(1)]) == [(1, 0)]


def test_who_hit_whom_does_not_matter():
    said = event(1, kind=K.COLLIDE, thing=STAR, other=DISC)
    assert compare([said], [event(1, kind=K.COLLIDE, thing=DISC, other=STAR)]).hits == 1


def test_nothing_said_is_zero_and_scores_add_up():
    total = Score(0, 0, 3) + Score(2, 2, 2)
    assert (total.precision, total.recall) == (1.0, 0.4)
    assert Score(0, 0, 3).f1 == Score().f1 == 0.0
