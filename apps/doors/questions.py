"""Questions on their way to their answers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...errors import MillraceError
from ...runtime.plan import TextDelta
from ...runtime.sentences import join_words
from ...runtime.session import Session
from ...streams.clock import NS_PER_S
from ...streams.world.language import REPLY

ANSWER_TIMEOUT_S = 5.0
_MAX_QUESTIONS = 16  # waiting for their answers


class BusyError(MillraceError):
    """Too many questions wait, no answer came in time, or none will come any more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent replied, and how long it took."""

    text: str
    seconds: float
    unknown: tuple[str, ...] = ()  # words of the question that the model does not know; it left them out


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    asked_ns: int
    answer: asyncio.Future[str]
    on_word: Callable[[TextDelta], None]


def ignore_word(_: TextDelta) -> None:
    """For who wants the whole answer only."""


class Questions:
    """Puts questions to a session and gives each answer to who asked. Used from one event loop.

    Answers come in the order of their questions, word by word, and begin with `reply:`.
    """

    def __init__(
        self,
        session: Session,
        unknown_words: Callable[[str], Sequence[str]],
        timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        self._session, self._unknown_words, self._timeout_s = session, unknown_words, timeout_s
        self._waiting: deque[_Question] = deque()
        self._sentence: list[TextDelta] = []  # that is being said
        self._asked: _Question | None = None  # that it answers
        self._is_closed = False

    async def ask(
        self, text: str, timeout_s: float | None = None, on_word: Callable[[TextDelta], None] = ignore_word
    ) -> Answer:
        """See `House.ask`."""
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        self._drop_given_up()
        if self._is_closed:
            raise _stopped()
        if len(self._waiting) >= _MAX_QUESTIONS:
            raise BusyError(f"{_MAX_QUESTIONS} questions wait for their answers; ask again in a second")
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        question = _Question(self._session.now_ns, answer, on_word)
        self._waiting.append(question)
        self._session.text(text)
        try:
            replied = await asyncio.wait_for(answer, timeout_s)
        except TimeoutError:
            if question in self._waiting:
                self._waiting.remove(question)
            raise BusyError(f"no answer within {timeout_s:g} s; ask in other words, or again") from None
        seconds = (self._session.now_ns - question.asked_ns) / NS_PER_S
        return Answer(replied, seconds, tuple(self._unknown_words(text)))

    def hear(self, delta: TextDelta) -> None:
        """The next word that the agent says, of an answer or of anything else."""
        if not self._sentence:
            self._drop_given_up()
            self._asked = self._waiting[0] if delta.text == REPLY and self._waiting else None
        self._sentence.append(delta)
        asked, is_awaited = self._asked, self._asked is not None and not self._asked.answer.done()
        if asked is not None and is_awaited:
            asked.on_word(delta)
        if not delta.is_end:
            return
        text = join_words([word.text for word in self._sentence])
        self._sentence = []
        if asked is not None and asked in self._waiting:
            self._waiting.remove(asked)
        if asked is not None and is_awaited:
            asked.answer.set_result(text.removeprefix(REPLY).lstrip(" :"))

    def close(self) -> None:
        """The session has ended: who waits is told, and whoever asks from now on. Raises BusyError there."""
        self._is_closed = True
        for question in self._waiting:
            if not question.answer.done():
                question.answer.set_exception(_stopped())

    def _drop_given_up(self) -> None:
        # Who asked may have left: the answer comes all the same, and must not be taken for that of the next question.
        oldest_ns = self._session.now_ns - round(self._timeout_s * NS_PER_S)
        while self._waiting and self._waiting[0].answer.done() and self._waiting[0].asked_ns < oldest_ns:
            self._waiting.popleft()


def _stopped() -> BusyError:
    return BusyError("the agent has stopped; ask again when it has been started again")
