"""`/events`: what the agent says and does, as server-sent events: the kind is the event, its data a line of JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from .house import House
from .masking import mask
from .metrics import ServeMetrics
from .past import PASSING, Message
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

    async def stream(
        self, kinds: Collection[str], after: str = "", heartbeat_s: float = _HEARTBEAT_S
    ) -> AsyncIterator[bytes]:
        """Server-sent events until the session ends; with the id of an earlier one first all that happened since.

        An event `dropped` tells how many messages a slow reader lost, or null where what happened in the meantime is
        no longer known.
        """
        hub = self._house.hub
        listener, opening = hub.join(kinds), self._opening(kinds, after)  # at once: nothing falls between
        self.num_readers += 1
        coming: asyncio.Future[Message] | None = None
        try:
            for part in opening:
                yield part
            messages, num_lost = aiter(listener), 0
            while True:
                coming = coming or asyncio.ensure_future(anext(messages))
                done, _ = await asyncio.wait({coming}, timeout=heartbeat_s)
                if not done:
                    yield b": still here\n\n"
                    continue
                message, coming = coming.result(), None
                if lost := listener.num_dropped - num_lost:
                    num_lost = listener.num_dropped
                    self._metrics.add_unheard(lost)
                    yield self._event(_dropped(lost))
                yield self._event(message)
        except StopAsyncIteration:
            return
        finally:
            self.num_readers -= 1
            hub.leave(listener)
            if coming is not None:
                coming.cancel()

    def _opening(self, kinds: Collection[str], after: str) -> list[bytes]:
        """What a newcomer is told first, or who comes back."""
        past, latest = self._house.hub.past, self._house.hub.latest
        number = past.number_of(after) if after else past.number
        missed, is_whole = past.since(number, kinds) if number is not None else ([], False)
        lost = [] if is_whole else [_dropped(None)]
        # Who was told all that changed needs to be told of the moment alone.
        told = [kind for kind in _TOLD_FIRST if not after or not is_whole or kind in PASSING]
        states = [Message(kind, latest[kind].body) for kind in told if kind in kinds and kind in latest]
        begin = f"retry: {_RETRY_MS}\n: {' '.join(kinds)}\n\n".encode()
        # An id without data is no event, but the place from which a reader that goes now would come back.
        place = f"id: {past.id_of(past.number)}\n\n".encode()
        return [begin, *(self._event(message) for message in [*lost, *missed, *states]), place]

    def _event(self, message: Message) -> bytes:
        text = json.dumps(message.body, ensure_ascii=False, separators=(",", ":"))
        if message.kind == "source":
            text = mask(text)
        place = f"id: {self._house.hub.past.id_of(message.number)}\n" if message.number else ""
        return f"{place}event: {message.kind}\ndata: {text}\n\n".encode("utf-8", "replace")


def make_router(config: ServeConfig, events: Events) -> APIRouter:
    """The route of the events."""
    router = APIRouter(tags=["events"])

    @router.get("/events", response_class=StreamingResponse)
    async def read_events(
        kinds: Annotated[str | None, Query(description=f"some of {', '.join(KINDS)}, with commas")] = None,
        after: Annotated[str, Query(description="an `id` from before, for who cannot set the header")] = "",
        last_event_id: Annotated[str, Header(description="what browsers send when they come back")] = "",
    ) -> StreamingResponse:
        """Sentences, words, alerts and tick reports as they happen; `event:` is the kind, `data:` a line of JSON.

        Who lost the connection gives the last `id` it got and is first told what it missed, of each kind at most the
        newest 256; ticks and glimpses show the moment, have no `id` and are not told again. `dropped` says how many
        messages are lost, or null where that is not known: after a long time, or when the server began anew.
        """
        wanted = parse_kinds(kinds)
        events.check_room()
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        stream = events.stream(wanted, last_event_id or after)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

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


def _dropped(num: int | None) -> Message:
    return Message("dropped", {"messages": num})
