"""What the agent says, as the responses of one client."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from ....runtime.plan import TextDelta
from ....runtime.sentences import camera_of, join_words
from ....streams.world.language import ALERT, REPLY
from ..house import House
from ..hub import Listener
from ..past import Message
from ..questions import BusyError
from .config import SessionConfig
from .conversation import Conversation
from .events import Event
from .problem import RealtimeError
from .requests import ResponseParams
from .response import Response

_WORDS_THAT_NAME = 4  # the camera of a sentence: `alert cam2 : `
_KINDS = ("delta", "hush")


class Saying:
    """Sentences of the agent's own accord come as responses of their own; answers come to who asked.

    The agent says one sentence at a time to all. Its answers come in the order of the questions, and `House.ask`
    hands each word of an answer to its asker; all other sentences are narration, which ends up at every client.
    """

    def __init__(self, house: House, conversation: Conversation, send: Callable[[Event], None]) -> None:
        self._house, self._conversation, self._send = house, conversation, send
        self._asked: Response | None = None
        self._is_asked_begun = False
        self._narrated: Response | None = None
        self._words: list[str] = []  # of the sentence that is being said
        self._is_lost = False  # in the middle of a sentence whose beginning was not heard

    @property
    def is_answering(self) -> bool:
        """Whether a question of this client waits for the end of its answer."""
        return self._asked is not None and not self._asked.is_done

    def answer(
        self, question: str, config: SessionConfig, params: ResponseParams
    ) -> Coroutine[Any, Any, None]:
        """Begin a response; await the rest: it asks the agent and passes its answer on. One at a time."""
        asked = self._asked = self._new(config, params, len(question.split()))
        self._is_asked_begun = False
        return self._ask(question, asked)

    def acknowledge(self, config: SessionConfig, params: ResponseParams) -> None:
        """A response without words: an instruction stands from now on."""
        done = self._new(config, params, 0)
        done.metadata["kind"] = "instruction"
        done.finish()

    def cancel(self, response_id: str | None) -> None:
        """Break off what is being said. Raises RealtimeError where nothing is."""
        for response in (self._asked, self._narrated):
            if response is None or response.is_done or response_id not in (None, response.id):
                continue
            response.cancel("client_cancelled")
            if response is self._asked and not self._is_asked_begun:
                response.finish()  # broken off at its first word, when that comes
            else:
                self._house.hush("client")
            return
        raise RealtimeError("response_cancel_not_active", "no response is being said", "response_id")

    async def narrate(self, listener: Listener, config: Callable[[], SessionConfig]) -> None:
        """Follow what the agent says until the hub closes; the listener has joined for `delta` and `hush`."""
        latest = self._house.hub.latest.get("delta")
        self._is_lost = latest is not None and not latest.body["is_end"]
        num_dropped = 0
        async for message in listener:
            if listener.num_dropped != num_dropped:
                num_dropped = listener.num_dropped
                self._lose()
            if message.kind == "hush":
                self._hushed(message)
            else:
                self._hear(message.body, config())

    @staticmethod
    def join(house: House) -> Listener:
        """Listen to what `narrate` follows; leave by `house.hub.leave`."""
        return house.hub.join(_KINDS)

    async def _ask(self, question: str, asked: Response) -> None:

        def pass_on(delta: TextDelta) -> None:
            self._pass_on(asked, delta)

        try:
            answer = await self._house.ask(question, on_word=pass_on)
            if answer.unknown:
                asked.metadata["unknown_words"] = ", ".join(answer.unknown)[:512]
            asked.finish()
        except BusyError as error:
            body = {"type": "server_error", "code": "no_answer", "message": str(error)}
            asked.finish("failed", body)
        finally:
            if self._asked is asked:
                self._asked = None

    def _new(self, config: SessionConfig, params: ResponseParams, num_read: int) -> Response:
        return Response(
            None if params.conversation == "none" else self._conversation,
            self._send,
            max_tokens=params.max_output_tokens or config.max_output_tokens,
            metadata={"kind": "reply", **(params.metadata or {})},
            num_read=num_read,
        )

    def _pass_on(self, asked: Response, delta: TextDelta) -> None:
        if asked.is_done:  # cancelled before its first word
            if not delta.is_end and delta.text == REPLY:
                self._house.hush("client")
            return
        self._is_asked_begun = True
        if delta.text != REPLY:
            asked.word(delta.text)
        if asked.is_full and not delta.is_end:
            self._house.hush("client")
            asked.finish()

    def _hear(self, delta: Any, config: SessionConfig) -> None:
        if self._is_lost:
            self._is_lost = not delta["is_end"]
            return
        if delta["text"]:
            self._words.append(delta["text"])
        if self._words and self._words[0] != REPLY:
            self._narrate_word(delta, config)
        if delta["is_end"]:
            if self._narrated is not None:
                self._narrated.finish()
            self._words, self._narrated = [], None

    def _narrate_word(self, delta: Any, config: SessionConfig) -> None:
        if self._narrated is not None:
            if delta["text"] == ALERT:  # a model decides that last; it is a mark, not a word of the sentence
                self._narrated.metadata["kind"] = "alert"
            else:
                self._narrated.word(delta["text"])
            return
        camera = self._camera()
        is_named = camera is not None or len(self._words) >= _WORDS_THAT_NAME or delta["is_end"]
        if not is_named or not config.narrate or not self._is_wanted(camera, config):
            return
        label = {"camera": self._house.seats.label_of(camera)} if camera else {}
        kind = "alert" if self._words[0] == ALERT else "narration"
        # Nobody asked for it, so a limit on answers does not cut it.
        self._narrated = Response(self._conversation, self._send, metadata={"kind": kind, **label})
        for word in self._words:
            self._narrated.word(word)

    def _camera(self) -> str | None:
        names = [seat.name for seat in self._house.seats.all]
        return camera_of(join_words(self._words), names)

    def _is_wanted(self, camera: str | None, config: SessionConfig) -> bool:
        if config.cameras is None or camera is None:
            return config.cameras is None
        return camera in config.cameras or self._house.seats.label_of(camera) in config.cameras

    def _hushed(self, message: Message) -> None:
        reason = message.body["reason"]
        for response in (self._narrated, self._asked if self._is_asked_begun else None):
            if response is not None:
                response.cancel("turn_detected" if reason == "speech" else "client_cancelled")

    def _lose(self) -> None:
        if self._narrated is not None:
            self._narrated.finish("incomplete")
        self._words, self._narrated, self._is_lost = [], None, True
