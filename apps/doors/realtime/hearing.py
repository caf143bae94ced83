"""The microphone of a client: its sound goes to the agent as it comes, and into turns of speech."""

from __future__ import annotations

import binascii
from collections.abc import Callable

import av
import numpy as np
from numpy.typing import NDArray

from ....streams.clock import NS_PER_MS, NS_PER_S, monotonic_ns
from ....streams.media import SAMPLE_RATE_HZ
from ....streams.sound import Resampler
from ..speech import Ear, SpeechWatch
from ..voice_activity import SpeechEvent
from .config import TurnDetection
from .conversation import Conversation
from .events import Event, event, message, new_id
from .limits import RealtimeLimits
from .problem import RealtimeError

_RATE_HZ = 24_000
_MIN_COMMIT_S = 0.1
_PIECE = SAMPLE_RATE_HZ // 20  # 50 ms, what sources give

Push = Callable[[NDArray[np.float32], int], None]


class Hearing:
    """The input audio buffer. It holds no sound, which the agent has heard by then; only how much of it there is."""

    def __init__(
        self,
        watch: SpeechWatch,
        conversation: Conversation,
        push: Push,
        send: Callable[[Event], None],
        limits: RealtimeLimits,
    ) -> None:
        """`push` gets sound at 16 kHz with the time of its first sample on the monotonic clock."""
        self._watch, self._conversation, self._push, self._send = watch, conversation, push, send
        self._limits = limits
        self._resampler = Resampler()
        self._ear: Ear | None = None
        self._due_ns = 0  # when all that came would have been heard
        self._num_out = 0  # samples since the first, at 16 kHz
        self._num_waiting = 0  # samples at 24 kHz that wait to be committed
        self._item_id = new_id("item")  # that will hold what is heard now
        self._is_in_turn = False

    def turn_by(self, turn: TurnDetection | None, name: str) -> None:
        """Listen for speech by these settings, or not at all; `name` is the camera it is told of."""
        self.close()
        if turn is not None:
            self._ear = self._watch.open(name, turn.speech, self._tell, turn.interrupt_response)

    def append(self, audio: str) -> None:
        """Base64 of 16-bit samples at 24 kHz. Raises RealtimeError, and then takes none of it."""
        samples = _decoded(audio)
        self._check(len(samples))
        self._num_waiting += len(samples)
        at_16_khz = self._resampled(samples)
        self._hear(at_16_khz)

    def commit(self) -> None:
        """The client ends a turn. Raises RealtimeError where there is hardly any sound."""
        if self._num_waiting < _MIN_COMMIT_S * _RATE_HZ:
            ms = self._num_waiting * 1000 // _RATE_HZ
            raise RealtimeError(
                "input_audio_buffer_commit_empty",
                f"the buffer holds {ms} ms of sound: append at least 100 ms",
            )
        self._commit()
        if self._ear is not None:
            self._ear.reset()

    def clear(self) -> None:
        """The client takes back what waits; the agent has heard it all the same."""
        self._num_waiting, self._is_in_turn = 0, False
        self._send(event("input_audio_buffer.cleared"))
        if self._ear is not None:
            self._ear.reset()

    def close(self) -> None:
        """Nobody listens any more."""
        if self._ear is not None:
            self._ear.tell = _ignore
            self._ear.close()
            self._ear = None

    def _check(self, num_samples: int) -> None:
        now_ns, length_ns = monotonic_ns(), num_samples * NS_PER_S // _RATE_HZ
        due_ns = max(self._due_ns, now_ns) + length_ns
        if due_ns - now_ns > self._limits.audio_ahead_s * NS_PER_S:
            raise RealtimeError(
                "audio_too_fast",
                f"the sound is more than {self._limits.audio_ahead_s:g} s ahead of time: send it as it happens",
                "audio",
            )
        if self._ear is None and self._num_waiting + num_samples > self._limits.audio_s * _RATE_HZ:
            raise RealtimeError(
                "input_audio_buffer_full",
                f"{self._limits.audio_s:g} s of sound wait: commit or clear them",
                "audio",
            )
        self._due_ns = due_ns

    def _resampled(self, samples: NDArray[np.int16]) -> NDArray[np.float32]:
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = _RATE_HZ
        return self._resampler.resample(frame)

    def _hear(self, samples: NDArray[np.float32]) -> None:
        start_ns = monotonic_ns() - len(samples) * NS_PER_S // SAMPLE_RATE_HZ
        position, self._num_out = self._num_out, self._num_out + len(samples)
        if self._ear is not None:
            self._ear.hear(samples, position * NS_PER_S // SAMPLE_RATE_HZ)
        for at in range(0, len(samples), _PIECE):
            self._push(samples[at : at + _PIECE], start_ns + at * NS_PER_S // SAMPLE_RATE_HZ)

    def _tell(self, heard: SpeechEvent) -> None:
        if heard.is_start:
            self._is_in_turn = True
            self._send(
                event(
                    "input_audio_buffer.speech_started",
                    audio_start_ms=heard.t_ns // NS_PER_MS,
                    item_id=self._item_id,
                )
            )
            return
        if not self._is_in_turn:
            return  # the client has ended the turn itself
        self._send(
            event(
                "input_audio_buffer.speech_stopped",
                audio_end_ms=heard.noticed_ns // NS_PER_MS,
                item_id=self._item_id,
            )
        )
        self._commit()

    def _commit(self) -> None:
        item_id, self._item_id = self._item_id, new_id("item")
        self._num_waiting, self._is_in_turn = 0, False
        before = self._conversation.last_id
        self._send(event("input_audio_buffer.committed", item_id=item_id, previous_item_id=before))
        self._conversation.add(message(item_id, "user", [{"type": "input_audio", "transcript": None}]))


def _decoded(audio: str) -> NDArray[np.int16]:
    try:
        data = binascii.a2b_base64(audio.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise RealtimeError("invalid_base64", f"the sound is no base64 ({error})", "audio") from None
    if len(data) % 2 or not data:
        raise RealtimeError(
            "invalid_audio", f"the sound has {len(data)} bytes: send 16-bit samples at 24 kHz", "audio"
        )
    return np.frombuffer(data, "<i2")


def _ignore(_: SpeechEvent) -> None:
    """An event that came too late."""
