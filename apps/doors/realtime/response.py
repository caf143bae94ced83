"""One response, from its first event to its last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from ....runtime.sentences import join_words
from .conversation import Conversation
from .events import Event, event, message, new_id, usage

Status = Literal["completed", "cancelled", "incomplete", "failed"]


class Response:
    """Passes on what the agent says as it says it: a sentence of its own accord, or the answer to a question."""

    def __init__(
        self,
        conversation: Conversation | None,
        send: Callable[[Event], None],
        *,
        max_tokens: int | Literal["inf"] = "inf",
        metadata: Mapping[str, str] | None = None,
        num_read: int = 0,
    ) -> None:
        """`conversation` gets what is said, None for an answer outside of it; `num_read` words were asked."""
        self.id, self.is_done, self.reason = new_id("resp"), False, ""
        self.metadata = dict(metadata or {})
        self.num_written = 0
        self._conversation, self._send, self._max_tokens = conversation, send, max_tokens
        self._num_read = num_read
        self._item_id = new_id("item")
        self._before: str | None = None
        self._words: list[str] = []
        self._text = ""
        self._has_item = False
        send(event("response.created", response=self._body("in_progress")))

    @property
    def is_full(self) -> bool:
        """Whether the client wanted no more words."""
        return self._max_tokens != "inf" and self.num_written >= self._max_tokens

    def cancel(self, reason: Literal["turn_detected", "client_cancelled"]) -> None:
        """It will end cancelled, unless it has ended."""
        self.reason = self.reason or reason

    def word(self, text: str) -> None:
        """The next word."""
        if self.is_done or self.is_full or not text:
            return
        if not self._has_item:
            self._begin_item()
        self._words.append(text)
        self.num_written += 1
        before, self._text = self._text, join_words(self._words)
        self._send(event("response.output_text.delta", **self._place(), delta=self._text[len(before) :]))

    def finish(self, status: Status | None = None, error: Event | None = None) -> None:
        """The last events; without a status it is told from what happened."""
        if self.is_done:
            return
        self.is_done = True
        ended: Status = status or (
            "cancelled" if self.reason else "incomplete" if self.is_full else "completed"
        )
        if self._has_item:
            self._end_item("completed" if ended == "completed" else "incomplete")
        self._send(event("response.done", response=self._body(ended, error)))

    def _begin_item(self) -> None:
        self._has_item = True
        item = message(self._item_id, "assistant", [], "in_progress")
        self._send(event("response.output_item.added", response_id=self.id, output_index=0, item=item))
        if self._conversation is not None:
            self._before = self._conversation.begin(item)
        self._send(event("response.content_part.added", **self._place(), part={"type": "text", "text": ""}))

    def _end_item(self, status: str) -> None:
        self._send(event("response.output_text.done", **self._place(), text=self._text))
        part = {"type": "text", "text": self._text}
        self._send(event("response.content_part.done", **self._place(), part=part))
        item = self._item(status)
        if self._conversation is not None:
            self._conversation.end(item, self._before)
        self._send(event("response.output_item.done", response_id=self.id, output_index=0, item=item))

    def _item(self, status: str) -> Event:
        return message(self._item_id, "assistant", [{"type": "output_text", "text": self._text}], status)

    def _place(self) -> dict[str, Any]:
        return {"response_id": self.id, "item_id": self._item_id, "output_index": 0, "content_index": 0}

    def _body(self, status: str, error: Event | None = None) -> Event:
        is_over = status != "in_progress"
        item_status = "completed" if status == "completed" else "incomplete"
        return {
            "id": self.id,
            "object": "realtime.response",
            "status": status,
            "status_details": self._details(status, error),
            "output": [self._item(item_status)] if is_over and self._has_item else [],
            "output_modalities": ["text"],
            "max_output_tokens": self._max_tokens,
            "metadata": self.metadata or None,
            "usage": usage(self._num_read, self.num_written) if is_over else None,
        }

    def _details(self, status: str, error: Event | None) -> Event | None:
        if status == "cancelled":
            return {"type": status, "reason": self.reason or "client_cancelled"}
        if status == "incomplete":
            return {"type": status, "reason": "max_output_tokens"}
        return {"type": status, "error": error} if status == "failed" else None
