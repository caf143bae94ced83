"""Ticks that bring nothing need not be read: the next time token tells how long it was quiet."""

from __future__ import annotations

from .embedding import NS_PER_TICK

LINGER_NS = (
    2 * NS_PER_TICK
)  # so long after news a tick is read all the same: what happened is told a tick later
LONGEST_NS = 10 * NS_PER_TICK  # no longer goes by unread


def is_worth_reading(has_news: bool, t_ns: int, news_ns: int | None, read_ns: int | None) -> bool:
    """Whether the tick at `t_ns` is read, by when news came last and when a tick was read last."""
    if has_news or read_ns is None:
        return True
    lingers = news_ns is not None and t_ns - news_ns <= LINGER_NS
    return lingers or t_ns - read_ns >= LONGEST_NS
