"""The events that a client is sent: their names and shapes as in OpenAI's Realtime API (GA)."""

from __future__ import annotations

import secrets
from typing import Any

Event = dict[str, Any]


def new_id(prefix: str) -> str:
    """An identifier such as `item_0123456789abcdef01234567`."""
    return f"{prefix}_{secrets.token_hex(12)}"


def event(kind: str, **fields: Any) -> Event:
    """An event of this kind with an identifier of its own."""
    return {"type": kind, "event_id": new_id("event"), **fields}


def message(item_id: str, role: str, content: list[Event], status: str = "completed") -> Event:
    """A message as an item of the conversation."""
    return {
        "id": item_id,
        "object": "realtime.item",
        "type": "message",
        "status": status,
        "role": role,
        "content": content,
    }


def usage(num_read: int, num_written: int) -> Event:
    """What an answer cost; a token is a word here."""
    return {
        "total_tokens": num_read + num_written,
        "input_tokens": num_read,
        "output_tokens": num_written,
        "input_token_details": {
            "text_tokens": num_read,
            "audio_tokens": 0,
            "image_tokens": 0,
            "cached_tokens": 0,
        },
        "output_token_details": {"text_tokens": num_written, "audio_tokens": 0},
    }
