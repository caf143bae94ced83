"""The data channel `events`: what the agent says and does, as JSON lines; what the page asks, and the answers.

Out: `{"event": KIND, ...}` with the kinds of the hub (sentence, tick, alerts, source, ...). In: a question or an
instruction as plain text, or as `{"ask": TEXT, "id": ANYTHING}`. Then out: `{"event": "answer", "id": ..., "text": ...,
"seconds": ..., "unknown": [...]}`, `{"event": "standing", "id": ..., "text": ...}` for an instruction, or
`{"event": "error", "id": ..., "message": ...}`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from ....runtime.typed import is_standing
from ..house import House
from ..instructions import FullError
from ..lines import one_line
from ..questions import BusyError

CHANNEL = "events"
KINDS = frozenset(
    {"delta", "sentence", "tick", "glimpse", "source", "budget", "cameras", "alerts", "speech", "hush"}
)
_MAX_CHARS = 300  # of a line: the model reads no longer ones
_MAX_QUESTIONS = 2  # of one page at a time


class Conversation:
    """One page that listens and asks."""

    def __init__(self, house: House, say: Callable[[str], None]) -> None:
        self._house, self._say = house, say
        self._listener = house.hub.join(KINDS)
        self._telling = asyncio.ensure_future(self._tell())
        self._questions: set[asyncio.Task[None]] = set()

    def hear(self, line: str) -> None:
        """A line of the page."""
        text, number = _read(line)
        if not text:
            self._send("error", number, message="an empty line asks nothing")
        elif len(text) > _MAX_CHARS:
            message = f"the line has {len(text)} characters; at most {_MAX_CHARS} are read"
            self._send("error", number, message=message)
        elif is_standing(text):
            self._instruct(text, number)
        elif len(self._questions) >= _MAX_QUESTIONS:
            self._send(
                "error",
                number,
                message=f"{_MAX_QUESTIONS} questions wait already; ask when they are answered",
            )
        else:
            task = asyncio.ensure_future(self._answer(text, number))
            self._questions.add(task)
            task.add_done_callback(self._questions.discard)

    def _instruct(self, text: str, number: Any) -> None:
        try:
            self._house.instruct(text)
        except FullError as error:
            self._send("error", number, message=str(error))
        else:
            self._send("standing", number, text=text)

    def close(self) -> None:
        """Stop talking."""
        self._house.hub.leave(self._listener)
        for task in (self._telling, *self._questions):
            task.cancel()

    async def _tell(self) -> None:
        async for message in self._listener:
            self._say(json.dumps({"event": message.kind, **message.body}))

    async def _answer(self, text: str, number: Any) -> None:
        try:
            answer = await self._house.ask(text)
        except BusyError as error:
            self._send("error", number, message=str(error))
        else:
            seconds, unknown = round(answer.seconds, 3), list(answer.unknown)
            self._send("answer", number, text=answer.text, seconds=seconds, unknown=unknown)

    def _send(self, event: str, number: Any, **more: Any) -> None:
        self._say(json.dumps({"event": event, "id": number, **more}))


def _read(line: str) -> tuple[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return one_line(line), None
    if not isinstance(said, dict):
        return one_line(line), None
    number = said.get("id")
    return one_line(str(said.get("ask", ""))), number if isinstance(number, (str, int)) else None
