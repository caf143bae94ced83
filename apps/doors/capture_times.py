"""When pictures were taken: what makes the time from glass to token a true one."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping

from ...runtime.plan import Sentence
from ...streams.media import VideoFrame

_KEPT = 64  # pictures of each camera: a sentence may be long, and begins a tick or two after its cause


class CaptureTimes:
    """Remembers of each camera when its newest pictures that ticks took were taken, on the session clock."""

    def __init__(self) -> None:
        self._taken_ns: defaultdict[str, deque[int]] = defaultdict(lambda: deque(maxlen=_KEPT))

    def add(self, frames: Mapping[str, VideoFrame]) -> None:
        """The pictures of one tick, by camera."""
        for name, frame in frames.items():
            self._taken_ns[name].append(frame.t_ns)

    def glass_to_token_ns(self, sentence: Sentence) -> int | None:
        """From the moment the picture that caused a sentence was taken to the sentence's last word.

        That picture is the newest one of its camera that was there at the cause. None for sound, and where it is not
        known any more.
        """
        taken = self._taken_ns.get(sentence.camera or "", ())
        cause_ns = max((t_ns for t_ns in taken if t_ns <= sentence.t_ns), default=None)
        return None if cause_ns is None else sentence.t_out_ns - cause_ns
