from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.streams.clock import NS_PER_MS, NS_PER_S
from millrace.streams.gate import Gate, Verdict
from millrace.streams.habit import PacketClass, PacketHabit, novelty
from millrace.streams.stillness import Alarm, Stillness, block_means

VIEW = np.full((96, 160, 3), 100, np.uint8)
STEP_NS = 40 * NS_PER_MS
GOP = 25


def packet(index: int, num_bytes: int = 400) -> tuple[PacketClass, int, int]:
    is_key = index % GOP == 0
    return (
        PacketClass.KEY if is_key else PacketClass.FORWARD,
        20_000 if is_key else num_bytes,
        index * STEP_NS,
    )


def run_still(gate: Gate, num_packets: int) -> list[Verdict]:
    verdicts = []
    for index in range(num_packets):
        verdicts.append(gate.judge(*packet(index)))
        if verdicts[-1] in (Verdict.DECODE, Verdict.LOOK):
            gate.see(VIEW, index * STEP_NS)
    return verdicts


def test_a_still_camera_falls_asleep_at_a_key_packet_and_is_looked_at_once_a_gop() -> None:
    verdicts = run_still(Gate(may_sleep=True), 200)
    assert set(verdicts[:76]) == {Verdict.DECODE}
    assert [index for index, verdict in enumerate(verdicts) if verdict is Verdict.LOOK] == [
        100,
        125,
        150,
        175,
    ]
    assert set(verdicts[101:125]) == {Verdict.HOLD}


def test_a_gate_that_may_not_sleep_decodes_everything() -> None:
    assert set(run_still(Gate(may_sleep=False), 300)) == {Verdict.DECODE}


def test_the_first_packet_larger_than_the_habit_wakes_the_camera() -> None:
    gate = Gate(may_sleep=True)
    run_still(gate, 190)
    assert gate.judge(*packet(191, num_bytes=900)) is Verdict.WAKE
    assert gate.judge(*packet(192)) is Verdict.DECODE


def test_a_row_of_slightly_larger_packets_wakes_it_too() -> None:
    gate = Gate(may_sleep=True)
    run_still(gate, 190)
    verdicts = [gate.judge(*packet(index, num_bytes=480)) for index in range(191, 200)]
    assert verdicts[0] is Verdict.HOLD
    assert Verdict.WAKE in verdicts


def test_a_picture_that_changed_under_quiet_packets_wakes_it_at_the_next_key_look() -> None:
    gate = Gate(may_sleep=True)
    run_still(gate, 200)
    assert gate.judge(*packet(200)) is Verdict.LOOK
    changed = VIEW.copy()
    changed[40:48, 80:88] = 140
    gate.see(changed, 200 * STEP_NS)
    assert not gate.is_asleep
    assert gate.judge(*packet(201)) is Verdict.DECODE


def test_a_changing_picture_never_falls_asleep_though_its_packets_are_all_alike() -> None:
    gate = Gate(may_sleep=True)
    for index in range(300):
        assert gate.judge(*packet(index)) is Verdict.DECODE
        gate.see(np.full_like(VIEW, 2 * index % 200), index * STEP_NS)


def test_the_habit_sinks_fast_and_rises_only_while_the_picture_is_still() -> None:
    habit = PacketHabit()
    habit.learn(PacketClass.FORWARD, 10_000, is_still=False)
    for _ in range(60):
        habit.learn(PacketClass.FORWARD, 500, is_still=False)
    busy = habit.surprise(PacketClass.FORWARD, 10_000)
    for _ in range(200):
        habit.learn(PacketClass.FORWARD, 10_000, is_still=False)
    assert habit.surprise(PacketClass.FORWARD, 10_000) == busy > 5
    for _ in range(200):
        habit.learn(PacketClass.FORWARD, 10_000, is_still=True)
    assert habit.surprise(PacketClass.FORWARD, 10_000) < 1


def test_a_stream_that_begins_busy_is_news_from_its_second_packet() -> None:
    habit = PacketHabit()
    habit.learn(PacketClass.KEY, 40_000, is_still=False)
    assert novelty(habit.surprise(PacketClass.FORWARD, 8_000)) > 0.5


@pytest.mark.parametrize("packet_class", [PacketClass.KEY, PacketClass.BETWEEN])
def test_each_class_of_packets_has_its_own_habit(packet_class: PacketClass) -> None:
    habit = PacketHabit()
    for _ in range(50):
        habit.learn(PacketClass.FORWARD, 300, is_still=True)
        habit.learn(packet_class, 30_000, is_still=True)
    assert habit.surprise(packet_class, 30_000) < 1
    assert habit.surprise(PacketClass.FORWARD, 30_000) > 100


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_novelty_is_a_share_and_grows_with_surprise(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= novelty(low) <= novelty(high) <= 1.0


def test_the_alarm_forgets_what_was_usual_in_between() -> None:
    alarm = Alarm()
    assert not any(alarm.rings(surprise) for surprise in [4.0, 0.0, 0.0, 4.0, 0.0, 0.0] * 10)


def test_slow_drift_is_not_stillness() -> None:
    stillness = Stillness()
    for index in range(100):
        stillness.look(np.full((96, 160, 3), 50 + index, np.uint8), index * NS_PER_S // 2)
    assert not stillness.is_still


@given(st.integers(8, 40), st.integers(8, 40))
def test_block_means_are_means(height: int, width: int) -> None:
    view = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    means = block_means(view)
    assert means.shape == (height // 8, width // 8)
    assert means[0, 0] == pytest.approx(view[:8, :8].mean(), rel=1e-5)
