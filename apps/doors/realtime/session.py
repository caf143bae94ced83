"""One Realtime session: what each event of a client does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ....runtime.typed import is_standing
from ..house import House
from ..instructions import FullError
from ..lines import one_line
from ..speech import SpeechWatch
from ..voice_activity import Samples
from . import requests as ask
from .config import SessionConfig
from .conversation import Conversation
from .events import Event, event, message, new_id
from .hearing import Hearing
from .limits import RealtimeLimits
from .pictures import PictureDecoder
from .places import Places
from .problem import RealtimeError
from .saying import Saying


@dataclass(frozen=True, slots=True)
class Shared:
    """What all sessions of the door use."""

    house: House
    watch: SpeechWatch
    decoder: PictureDecoder
    limits: RealtimeLimits


class RealtimeSession:
    """Handles the events of one client and sends what comes of them. Used from the event loop."""

    def __init__(
        self, shared: Shared, model: str, group: asyncio.TaskGroup, send: Callable[[Event], None]
    ) -> None:
        self._house, self._decoder, self._limits = shared.house, shared.decoder, shared.limits
        self._group, self._send = group, send
        self.config = SessionConfig(id=new_id("sess"), model=model)
        self._conversation = Conversation(shared.limits.items, send)
        self._places = Places(shared.house)
        self._saying = Saying(shared.house, self._conversation, send)
        self._hearing = Hearing(shared.watch, self._conversation, self._sound, send, shared.limits)
        self._hearing.turn_by(self.config.turn_detection, self.config.camera)
        # Lines that were typed and not asked yet, each with its item.
        self._asked: deque[tuple[str, str]] = deque(maxlen=shared.limits.items)
        self._has_instructed = False  # since the last answer
        self._own: set[str] = set()  # instructions that go when this client goes
        self._is_seatless = False
        send(event("session.created", session=self.config.body()))

    async def narrate(self) -> None:
        """Pass on what the agent says of its own accord, until the house closes."""
        listener = self._saying.join(self._house)
        try:
            await self._saying.narrate(listener, lambda: self.config)
        finally:
            self._house.hub.leave(listener)

    def close(self) -> None:
        """The client is gone."""
        self._hearing.close()
        self._places.leave()
        for line in self._own:
            self._house.forget(line)

    async def handle(self, request: ask.Request) -> None:
        """Do what an event asks for. Raises RealtimeError."""
        match request:
            case ask.SessionUpdate():
                self._update(request)
            case ask.ItemCreate():
                await self._create_item(request)
            case ask.ItemDelete():
                self._delete_item(request.item_id)
            case ask.ItemRetrieve():
                self._conversation.retrieve(request.item_id)
            case ask.ItemTruncate():
                self._conversation.truncate(request.item_id)
            case ask.AudioAppend():
                self._hearing.append(request.audio)
            case ask.AudioCommit():
                self._hearing.commit()
            case ask.AudioClear():
                self._hearing.clear()
            case ask.ResponseCreate():
                self._respond(request.response)
            case ask.ResponseCancel():
                self._saying.cancel(request.response_id)

    def _update(self, request: ask.SessionUpdate) -> None:
        before, after = self.config, self.config.patched(request.session)
        if after.instructions != before.instructions:
            self._stand_by(after.instructions)
        if (after.turn_detection, after.camera) != (before.turn_detection, before.camera):
            self._hearing.turn_by(after.turn_detection, after.camera)
        self.config = after
        self._send(event("session.updated", session=after.body()))

    def _stand_by(self, instructions: str) -> None:
        wanted = {line for part in instructions.splitlines() if is_standing(line := one_line(part))}
        standing = set(self._house.instructions)
        self._check_alerts(wanted - standing)
        for line in self._own - wanted:
            self._house.forget(line)
        self._own = (self._own & wanted) | {line for line in wanted - standing if self._instruct(line)}

    def _check_alerts(self, new: set[str]) -> None:
        if new and len(set(self._house.instructions) | new) > self._limits.alerts:
            raise RealtimeError(
                "too_many_instructions",
                f"{self._limits.alerts} instructions may stand at once: take one back",
            )
        for line in new:
            self._check_length(line)

    async def _create_item(self, request: ask.ItemCreate) -> None:
        item = request.item
        item_id = item.id or new_id("item")
        if isinstance(item, ask.AssistantItem):
            said = [{"type": "output_text", "text": part.text} for part in item.content]
            self._conversation.add(message(item_id, item.role, said), request.previous_item_id, is_read=False)
            return
        lines = [line for text in item.texts if (line := one_line(text))]
        self._check_lines(lines)
        content = [await self._take(part) for part in item.content]
        is_pending = all(part["type"] == "input_text" for part in content) and not any(
            map(is_standing, lines)
        )
        added = message(item_id, item.role, content)
        self._conversation.add(added, request.previous_item_id, is_read=not is_pending)
        for line in lines:
            self._type(item_id, line)

    def _delete_item(self, item_id: str) -> None:
        """A question that was not asked yet will not be; what the agent has read, seen or heard it remembers."""
        self._conversation.delete(item_id)
        kept = [(owner, line) for owner, line in self._asked if owner != item_id]
        self._asked.clear()
        self._asked.extend(kept)

    async def _take(self, part: ask.TextPart | ask.ImagePart | ask.AudioPart) -> Event:
        """Let the agent have a part of a message, and what the conversation keeps of it."""
        if isinstance(part, ask.TextPart):
            return {"type": part.type, "text": part.text}
        if isinstance(part, ask.AudioPart):
            self._hearing.append(part.audio)
            return {"type": part.type, "transcript": None}
        camera = part.camera or self.config.camera
        self._places.show(camera, await self._decoder.decode(part.image_url))
        return {"type": part.type, "image_url": None, "camera": camera}

    def _check_lines(self, lines: list[str]) -> None:
        for line in lines:
            self._check_length(line)
        self._check_alerts({line for line in lines if is_standing(line)} - set(self._house.instructions))

    def _instruct(self, line: str) -> bool:
        try:
            return self._house.instruct(line)
        except FullError as error:
            raise RealtimeError("too_many_instructions", str(error)) from None

    def _check_length(self, line: str) -> None:
        if len(line) > self._limits.question_chars:
            raise RealtimeError(
                "text_too_long",
                f"the text has {len(line)} characters: at most {self._limits.question_chars} are read",
                "text",
            )

    def _type(self, item_id: str, line: str) -> None:
        if self._instruct(line):
            self._has_instructed = True
        else:
            self._asked.append((item_id, line))

    def _respond(self, params: ask.ResponseParams) -> None:
        if self._saying.is_answering:
            raise RealtimeError(
                "conversation_already_has_active_response",
                "a question waits for its answer: wait or cancel it",
            )
        if params.input is not None:
            items = [ask.parse_item(item) for item in params.input]
            texts = [text for item in items if isinstance(item, ask.UserItem) for text in item.texts]
            lines = [("", one_line(text)) for text in texts]
        else:
            instructions = [("", one_line(params.instructions or ""))]
            lines = [*self._asked] or instructions
        item_id, question = next((line for line in reversed(lines) if line[1]), ("", ""))
        self._check_length(question)
        if not question and not self._has_instructed:
            raise RealtimeError(
                "no_question", "there is nothing to answer: create an item with input_text first"
            )
        self._asked.clear()
        self._has_instructed = False
        self._conversation.mark_read(item_id)
        if question:
            self._group.create_task(self._saying.answer(question, self.config, params))
        else:
            self._saying.acknowledge(self.config, params)

    def _sound(self, samples: Samples, captured_ns: int) -> None:
        if self._is_seatless:
            return
        try:
            self._places.sound(self.config.camera, samples, captured_ns)
        except RealtimeError:
            # Speech is noticed all the same, and the client is told once.
            self._is_seatless = True
            raise
