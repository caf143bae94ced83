"""Words put together into sentences, and the camera that a sentence speaks of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..generation.certainty import sentence_confidence
from ..streams.world.language import mark_first
from .plan import Sentence, TextDelta

_CAMERA = re.compile(r"(?:alert\s+)?cam(\d+)\s*:")
_SPACE_BEFORE_MARK = re.compile(r"\s+(?=[:,.;!?])")


class SentenceBuilder:
    """Collects deltas until one closes the sentence; a sentence may span several ticks."""

    def __init__(self, cameras: Sequence[str]) -> None:
        self._cameras = cameras
        self._open: list[TextDelta] = []

    @property
    def is_open(self) -> bool:
        return bool(self._open)

    def add(self, delta: TextDelta) -> Sentence | None:
        """The finished sentence if this delta closes one that has words, else None."""
        self._open.append(delta)
        if not delta.is_end:
            return None
        first, text = self._open[0], mark_first(join_words([part.text for part in self._open]))
        sure, self._open = sentence_confidence(self._open), []
        if not text:
            return None
        return Sentence(first.t_ns, delta.t_out_ns, camera_of(text, self._cameras), text, sure)


def join_words(words: Sequence[str]) -> str:
    """Single spaces between words and none before a mark: `cam2 : a disc` becomes `cam2: a disc`."""
    return _SPACE_BEFORE_MARK.sub("", " ".join(" ".join(words).split()))


def camera_of(text: str, cameras: Sequence[str]) -> str | None:
    """The camera that a sentence or an alert names (`cam1` is the first); None for sound or an unknown one."""
    named = _CAMERA.match(text)
    slot = int(named[1]) - 1 if named else -1
    return cameras[slot] if 0 <= slot < len(cameras) else None
