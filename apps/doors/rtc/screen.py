"""Draws what the agent sees for those who watch, once a tick, and only while somebody does."""

from __future__ import annotations

import asyncio
import contextlib

from ....streams.clock import NS_PER_MS, monotonic_ns, perf_ns
from ..house import House
from ..mosaic import Board, Picture, Tile, draw, to_planes
from .host import RtcHost

_LEAST_PAUSE_NS = 100 * NS_PER_MS


class Screen:
    """The mosaic of one house, shown to all viewers."""

    def __init__(self, house: House, host: RtcHost) -> None:
        self._house, self._host = house, host
        self._showing: asyncio.Task[None] | None = None
        self._num_drawn = self._num_left_out = 0
        self._cost_ns = 0

    def watch(self, num_viewers: int) -> None:
        """So many watch now."""
        if num_viewers and self._showing is None:
            self._showing = asyncio.ensure_future(self._show())
        elif not num_viewers and self._showing is not None:
            self._showing.cancel()
            self._showing = None

    async def stop(self) -> None:
        """Nobody watches any more."""
        showing, self._showing = self._showing, None
        if showing is not None:
            showing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await showing

    def statistics(self) -> dict[str, float]:
        """Counts so far, and the cost of a picture in milliseconds."""
        cost_ms = round(self._cost_ns / NS_PER_MS / max(1, self._num_drawn), 2)
        return {"drawn": self._num_drawn, "left_out": self._num_left_out, "draw_ms": cost_ms}

    async def _show(self) -> None:
        ticks, last_ns = self._house.hub.join({"tick"}), 0
        try:
            async for _ in ticks:
                if monotonic_ns() - last_ns < _LEAST_PAUSE_NS:
                    continue
                last_ns = monotonic_ns()
                planes, cost_ns = await asyncio.to_thread(_paint, self._board())
                self._num_drawn += 1
                self._cost_ns += cost_ns
                self._num_left_out += not self._host.show(planes, last_ns)
        finally:
            self._house.hub.leave(ticks)

    def _board(self) -> Board:
        house, latest = self._house, self._house.hub.latest
        used = [seat for seat in house.seats.all if seat.is_taken or seat.name in house.frames]
        tiles = [
            Tile(seat.label or seat.name, house.frames.get(seat.name), house.glimpses.get(seat.name))
            for seat in used or house.seats.all
        ]
        tick = latest["tick"].body if "tick" in latest else {}
        caption = latest["sentence"].body["text"] if "sentence" in latest else ""
        return Board(
            tiles,
            caption,
            tick.get("costs_ms", {}),
            tick.get("latency_ms", 0.0),
            tick.get("budget_ms", 200.0),
        )


def _paint(board: Board) -> tuple[Picture, int]:
    began_ns = perf_ns()
    return to_planes(draw(board)), perf_ns() - began_ns
