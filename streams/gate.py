"""Decides packet by packet what is decoded. Pure: sizes, classes and small pictures in, verdicts out."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from .clock import NS_PER_S
from .habit import PacketClass, PacketHabit
from .stillness import Alarm, Stillness

# While the camera sleeps, key pictures are looked at, but not more often (some streams have no others).
KEY_LOOK_NS = NS_PER_S


class Verdict(StrEnum):
    """What to do with one packet."""

    DECODE = "decode"
    HOLD = "hold"  # keep it undecoded, it may be needed for waking
    LOOK = "look"  # a key picture: decode it alone
    WAKE = "wake"  # decode all that was held, and this


class Gate:
    """Puts a still camera to sleep at a key packet and wakes it on a packet larger than its habit.

    With `may_sleep` off all is decoded, and only the habit is learnt.
    """

    def __init__(self, *, may_sleep: bool) -> None:
        self.is_asleep = False
        self.surprise = 0.0  # of the latest packet
        self._may_sleep = may_sleep
        self._habit = PacketHabit()
        self._alarm = Alarm()
        self._stillness = Stillness()
        self._last_look_ns = 0

    def judge(self, packet_class: PacketClass, num_bytes: int, t_ns: int) -> Verdict:
        """The verdict on the next packet in file order."""
        self.surprise = self._habit.surprise(packet_class, num_bytes)
        is_alarmed = self._alarm.rings(self.surprise)
        if is_alarmed:
            self._alarm.reset()
            self._stillness.disturb(t_ns)
        self._habit.learn(packet_class, num_bytes, is_still=self._stillness.is_still)
        if self.is_asleep:
            return self._judge_asleep(packet_class, t_ns, is_alarmed)
        if self._may_sleep and packet_class is PacketClass.KEY and self._stillness.is_still:
            self.is_asleep = True
            self._last_look_ns = t_ns
            return Verdict.LOOK
        return Verdict.DECODE

    def see(self, pixels: NDArray[np.uint8], t_ns: int) -> None:
        """Take in a view [H, W, 3]; a sleeping camera wakes if it has changed."""
        if not self._stillness.look(pixels, t_ns):
            self.is_asleep = False

    def _judge_asleep(self, packet_class: PacketClass, t_ns: int, is_alarmed: bool) -> Verdict:
        if is_alarmed:
            self.is_asleep = False
            return Verdict.WAKE
        if packet_class is PacketClass.KEY and t_ns - self._last_look_ns >= KEY_LOOK_NS:
            self._last_look_ns = t_ns
            return Verdict.LOOK
        return Verdict.HOLD
