"""How much a Realtime client may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RealtimeLimits:
    """Over one of these a client gets an `error` event with a code; some also end the connection."""

    sessions: int = 16  # connections at once
    message_bytes: int = 4_194_304  # the server's own limit on a message must not be smaller
    messages_per_s: float = 200.0  # more are read more slowly
    frame_bytes: int = 3_145_728  # an encoded picture
    frame_pixels: int = 3840 * 2160  # a decoded one
    audio_s: float = 60.0  # sound that waits to be committed
    audio_ahead_s: float = 10.0  # sound sent faster than it can have been heard
    question_chars: int = 300
    alerts: int = 16  # instructions that stand at once, of all doors
    items: int = 256  # of a conversation that are kept
    idle_s: float = 300.0  # with nothing sent either way
    errors: int = 100  # in a row
