"""How large the packets of a stream usually are, and how far one stands out: the cheapest sign of news."""

from __future__ import annotations

import math
from enum import StrEnum

# Even an empty picture's packet varies by some bytes and by some per cent.
_MIN_SPREAD_BYTES = 10.0
_MIN_SPREAD_SHARE = 0.04
_LEARN_RATE = 0.1
# Until stillness has been seen, a packet that costs more than this share of a key picture counts as news.
_QUIET_SHARE_OF_KEY = 0.02

# Surprise that still counts as nothing, and that which is novelty 1.
_UNREMARKABLE = 1.5
_UTTER_SURPRISE = 100.0


class PacketClass(StrEnum):
    """Packets are compared with their like only: each class has its own size."""

    KEY = "key"
    FORWARD = "forward"  # shown after all that came before it
    BETWEEN = "between"  # shown before a picture that is already decoded


class PacketHabit:
    """Learns the quiet size of each class of packets. Pure: sizes in, surprise out.

    The habit sinks at once when packets become smaller. It rises only while the picture is known to be still
    (noise after nightfall), so that a street that is busy for hours stays news.
    """

    def __init__(self) -> None:
        self._levels: dict[PacketClass, _Level] = {}
        self._key_bytes = 0

    def surprise(self, packet_class: PacketClass, num_bytes: int) -> float:
        """How many usual deviations this packet is larger than the habit of its class."""
        level = self._levels.get(packet_class) or _Level(self._first_guess(packet_class, num_bytes))
        return level.surprise(num_bytes)

    def learn(self, packet_class: PacketClass, num_bytes: int, *, is_still: bool) -> None:
        """Take a packet into the habit; `is_still` says that the picture is known not to change."""
        if packet_class is PacketClass.KEY:
            self._key_bytes = num_bytes
        level = self._levels.get(packet_class)
        if level is None:
            self._levels[packet_class] = _Level(self._first_guess(packet_class, num_bytes))
        else:
            level.learn(num_bytes, may_rise=is_still)

    def _first_guess(self, packet_class: PacketClass, num_bytes: int) -> float:
        if packet_class is PacketClass.KEY or not self._key_bytes:
            return float(num_bytes)
        return min(float(num_bytes), _QUIET_SHARE_OF_KEY * self._key_bytes)


def novelty(surprise: float) -> float:
    """Surprise as a number of 0..1, in logarithms: sizes of packets span three orders of magnitude."""
    return min(1.0, math.log1p(max(0.0, surprise - _UNREMARKABLE)) / math.log1p(_UTTER_SURPRISE))


class _Level:
    """The usual size of one class and its usual deviation, in bytes."""

    def __init__(self, usual: float) -> None:
        self._usual = usual
        self._spread = 0.0

    def surprise(self, num_bytes: int) -> float:
        spread = max(self._spread, _MIN_SPREAD_SHARE * self._usual, _MIN_SPREAD_BYTES)
        return (num_bytes - self._usual) / spread

    def learn(self, num_bytes: int, *, may_rise: bool) -> None:
        deviation = num_bytes - self._usual
        if deviation > 0 and not may_rise:
            return
        self._usual += _LEARN_RATE * deviation
        self._spread += _LEARN_RATE * (abs(deviation) - self._spread)
