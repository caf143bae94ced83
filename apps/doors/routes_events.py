"""`/events`: what the agent says and does, as server-sent events: the kind is the event, its data a line of JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from .house import House
from .hub import Message
from .masking import mask
from .metrics import ServeMetrics
from .replies import Refusal
from .settings import ServeConfig

KINDS = ("delta", "sentence", "tick", "glimpse", "source", "budget", "cameras", "alerts", "speech", "hush")
_TOLD_FIRST = ("budget", "cameras", "tick")  # to a newcomer: what holds, not what happened
_HEARTBEAT_S = 10.0
_RETRY_MS = 2000


class Events:
    """The readers of one server's events."""

    def __init__(self, house: House, metrics: ServeMetrics, limit: int) -> None:
        self._house, self._metrics, self._limit = house, metrics, limit
        self.num_readers = 0

    def check_room(self) -> None:
        """Raises Refusal 503 where as many read as may."""
        if self.num_readers >= self._limit:
            raise Refusal(503, f"{self._limit} readers of the events are here already; close one", "full")

    async def stream(self, kinds: Collection[str], heartbeat_s: float = _HEARTBEAT_S) -> AsyncIterator[bytes]:
        """Server-sent events until the session ends.

        `id` counts all that happened since the reader came; a gap is what a slow reader lost, and an event
        `dropped` says how many.
        """
        listener = self._house.hub.join(kinds)
        self.num_readers += 1
        coming: asyncio.Future[Message] | None = None
        try:
            yield f"retry: {_RETRY_MS}\n: {' '.join(kinds)}\n\n".encode()
            for kind in _TOLD_FIRST:
                if kind in kinds and kind in self._house.hub.latest:
                    yield _event(0, self._house.hub.latest[kind])
            messages, number, num_lost = aiter(listener), 0, 0
            while True:
                coming = coming or asyncio.ensure_future(anext(messages))
                done, _ = await asyncio.wait({coming}, timeout=heartbeat_s)
                if not done:
                    yield b": still here\n\n"
                    continue
                message, coming = coming.result(), None
                if lost := listener.num_dropped - num_lost:
                    num_lost, number = listener.num_dropped, number + lost
                    self._metrics.add_unheard(lost)
                    yield _event(number, Message("dropped", {"messages": lost}))
                number += 1
                yield _event(number, message)
        except StopAsyncIteration:
            return
        finally:
            self.num_readers -= 1
            self._house.hub.leave(listener)
            if coming is not None:
                coming.cancel()


def make_router(config: ServeConfig, events: Events) -> APIRouter:
    """The route of the events."""
    router = APIRouter(tags=["events"])

    @router.get("/events", response_class=StreamingResponse)
    async def read_events(
        kinds: Annotated[str | None, Query(description=f"some of {', '.join(KINDS)}, with commas")] = None,
    ) -> StreamingResponse:
        """Sentences, words, alerts and tick reports as they happen; `event:` is the kind, `data:` a line of JSON."""
        wanted = parse_kinds(kinds)
        events.check_room()
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(events.stream(wanted), media_type="text/event-stream", headers=headers)

    return router


def parse_kinds(text: str | None) -> tuple[str, ...]:
    """The kinds asked for, or all. Raises Refusal 422."""
    if text is None:
        return KINDS
    wanted = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [kind[:40] for kind in wanted if kind not in KINDS]
    if unknown or not wanted:
        raise Refusal(422, f"kinds is {', '.join(unknown) or 'empty'}; choose from {', '.join(KINDS)}")
    return wanted


def _event(number: int, message: Message) -> bytes:
    text = json.dumps(message.body, ensure_ascii=False, separators=(",", ":"))
    if message.kind == "source":
        text = mask(text)
    return f"id: {number}\nevent: {message.kind}\ndata: {text}\n\n".encode("utf-8", "replace")
